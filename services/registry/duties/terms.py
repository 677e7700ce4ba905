"""The closed lists of duties as they cross the wire, with their Chinese terms."""

from enum import StrEnum


class DutyState(StrEnum):
    """Where a duty stands (任务状态).

    `pending` 未到期, `overdue` 逾期, `interval_not_configured` 频次未设定: no text says by when; the red list (红色清单).
    """

    PENDING = "pending"
    OVERDUE = "overdue"
    INTERVAL_NOT_CONFIGURED = "interval_not_configured"


class Step(StrEnum):
    """Who answers for it now (责任层级): `village` 村（社区）, `township` 乡镇（街道）, `county` 县."""

    VILLAGE = "village"
    TOWNSHIP = "township"
    COUNTY = "county"


class Population(StrEnum):
    """To whom it is owed (服务对象): `migrant` 流动儿童, `enrolled` 在读流动儿童, `key_care` 重点关爱服务对象."""

    MIGRANT = "migrant"
    ENROLLED = "enrolled"
    KEY_CARE = "key_care"
