"""The closed lists of the catalogue."""

from enum import StrEnum


class SharingKind(StrEnum):
    """The sharing attribute (共享属性): `unconditional` 无条件共享, `conditional` 有条件共享, `not_shared` 不予共享."""

    UNCONDITIONAL = "unconditional"
    CONDITIONAL = "conditional"
    NOT_SHARED = "not_shared"


class ResourceKind(StrEnum):
    """What a line of the catalogue is (目录类别).

    `records` 部门推送的原始数据, `fields` 归集后的儿童信息, `key_care` 重点关爱类型, `operation` 接口.
    """

    RECORDS = "records"
    FIELDS = "fields"
    KEY_CARE = "key_care"
    OPERATION = "operation"
