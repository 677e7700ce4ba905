"""Events of a dossier: what each is called, and how they are ordered.

An event has an id of its own that stays: that of the row it stands for, or one made of what it is.  So the same event never
stands in a dossier twice, whatever it was told by and however the child's entries were merged or parted meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from shared.clock import SHANGHAI
from shared.hashes import keyed_id


class DossierEventKind(StrEnum):
    """What happened (事件类型).

    `episode_began` 开始居住, `episode_ended` 迁出, `hukou_began` 户籍登记, `status` 认定状态变化, `record` 部门报送,
    `recall` 部门撤回, `visit` 走访联系, `duty` 职责任务, `duty_ended` 职责终止,
    `key_care_proposed` 重点关爱待确认, `key_care_review` 重点关爱待复核,
    `key_care_decision` 重点关爱决定, `left_behind_decision` 留守认定,
    `shield` 地址保密, `case_opened` 个案立案, `case_act` 个案办理,
    `match_review_opened` 疑似待核, `match_review_closed` 疑似了结, `ruling` 人工判定, `announced` 通知事项,
    `emergency_opened` 紧急查询, `emergency_reviewed` 紧急查询审查,
    `assessment` 监护评估, `placement` 监护照料, `placement_act` 监护照料复核或变动,
    `alert_raised` 预警提示, `alert_act` 预警处理, `alert_closed` 预警已由数据消除,
    `handover_due` 待移交, `handover_act` 移交办理, `handover_passed` 移交生效.
    """

    EPISODE_BEGAN = "episode_began"
    EPISODE_ENDED = "episode_ended"
    HUKOU_BEGAN = "hukou_began"
    STATUS = "status"
    RECORD = "record"
    RECALL = "recall"
    VISIT = "visit"
    DUTY = "duty"
    DUTY_ENDED = "duty_ended"
    KEY_CARE_PROPOSED = "key_care_proposed"
    KEY_CARE_REVIEW = "key_care_review"
    KEY_CARE_DECISION = "key_care_decision"
    LEFT_BEHIND_DECISION = "left_behind_decision"
    SHIELD = "shield"
    CASE_OPENED = "case_opened"
    CASE_ACT = "case_act"
    MATCH_REVIEW_OPENED = "match_review_opened"
    MATCH_REVIEW_CLOSED = "match_review_closed"
    RULING = "ruling"
    ANNOUNCED = "announced"
    EMERGENCY_OPENED = "emergency_opened"
    EMERGENCY_REVIEWED = "emergency_reviewed"
    ASSESSMENT = "assessment"
    PLACEMENT = "placement"
    PLACEMENT_ACT = "placement_act"
    ALERT_RAISED = "alert_raised"
    ALERT_ACT = "alert_act"
    ALERT_CLOSED = "alert_closed"
    HANDOVER_DUE = "handover_due"
    HANDOVER_ACT = "handover_act"
    HANDOVER_PASSED = "handover_passed"


TITLES: Final[Mapping[DossierEventKind, str]] = {
    DossierEventKind.EPISODE_BEGAN: "开始居住",
    DossierEventKind.EPISODE_ENDED: "迁出",
    DossierEventKind.HUKOU_BEGAN: "户籍登记",
    DossierEventKind.STATUS: "认定状态变化",
    DossierEventKind.RECORD: "部门报送",
    DossierEventKind.RECALL: "部门撤回",
    DossierEventKind.VISIT: "走访联系",
    DossierEventKind.DUTY: "职责任务",
    DossierEventKind.DUTY_ENDED: "职责终止",
    DossierEventKind.KEY_CARE_PROPOSED: "重点关爱待确认",
    DossierEventKind.KEY_CARE_REVIEW: "重点关爱待复核",
    DossierEventKind.KEY_CARE_DECISION: "重点关爱决定",
    DossierEventKind.LEFT_BEHIND_DECISION: "留守认定",
    DossierEventKind.SHIELD: "地址保密",
    DossierEventKind.CASE_OPENED: "个案立案",
    DossierEventKind.CASE_ACT: "个案办理",
    DossierEventKind.MATCH_REVIEW_OPENED: "疑似待核",
    DossierEventKind.MATCH_REVIEW_CLOSED: "疑似了结",
    DossierEventKind.RULING: "人工判定",
    DossierEventKind.ANNOUNCED: "通知事项",
    DossierEventKind.EMERGENCY_OPENED: "紧急查询",
    DossierEventKind.EMERGENCY_REVIEWED: "紧急查询审查",
    DossierEventKind.ASSESSMENT: "监护评估",
    DossierEventKind.PLACEMENT: "监护照料",
    DossierEventKind.PLACEMENT_ACT: "监护照料复核或变动",
    DossierEventKind.ALERT_RAISED: "预警提示",
    DossierEventKind.ALERT_ACT: "预警处理",
    DossierEventKind.ALERT_CLOSED: "预警已由数据消除",
    DossierEventKind.HANDOVER_DUE: "待移交",
    DossierEventKind.HANDOVER_ACT: "移交办理",
    DossierEventKind.HANDOVER_PASSED: "移交生效",
}
_RANK: Final = {kind: rank for rank, kind in enumerate(DossierEventKind)}


@dataclass(frozen=True, slots=True)
class Event:
    """In ``detail`` the id of a thing stands under its name, and what it is under ``kind``, as everywhere else.

    ``on`` is the day it happened, ``at`` the instant where one is known.
    """

    id: UUID
    kind: DossierEventKind
    on: date
    at: datetime | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def position(self) -> tuple[str, int, str, str]:
        """By day, on a day what happened without an hour first; equal for no two events."""
        instant = self.at.isoformat() if self.at else ""
        return self.on.isoformat(), _RANK[self.kind], instant, str(self.id)

    def shown(self) -> dict[str, Any]:
        seen: dict[str, Any] = {
            "id": str(self.id),
            "kind": str(self.kind),
            "title": TITLES[self.kind],
            "on": self.on.isoformat(),
        }
        if self.at is not None:
            seen["at"] = self.at
        detail = {name: value for name, value in self.detail.items() if value not in (None, "")}
        if detail:
            seen["detail"] = detail
        return seen


def at(event: UUID, kind: DossierEventKind, instant: datetime, /, **detail: Any) -> Event:
    """An event of a known instant, on its day in Asia/Shanghai."""
    return Event(event, kind, instant.astimezone(SHANGHAI).date(), instant, detail)


def made_id(key: bytes, *of: object) -> UUID:
    """The id of an event that is no row of its own."""
    return keyed_id(key, "dossier", *map(str, of))
