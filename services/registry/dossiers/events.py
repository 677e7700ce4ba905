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
from shared.hashes import keyed


class EventKind(StrEnum):
    """What happened (事件类型)."""

    EPISODE_BEGAN = "episode_began"
    EPISODE_ENDED = "episode_ended"
    HUKOU_BEGAN = "hukou_began"
    STATUS = "status"
    RECORD = "record"
    RECALL = "recall"
    VISIT = "visit"
    DUTY = "duty"
    KEY_CARE_PROPOSED = "key_care_proposed"
    KEY_CARE_REVIEW = "key_care_review"
    KEY_CARE_DECISION = "key_care_decision"
    SHIELD = "shield"
    CASE_OPENED = "case_opened"
    CASE_ACT = "case_act"
    MATCH_REVIEW_OPENED = "match_review_opened"
    MATCH_REVIEW_CLOSED = "match_review_closed"
    RULING = "ruling"
    ANNOUNCED = "announced"
    EMERGENCY_OPENED = "emergency_opened"
    EMERGENCY_REVIEWED = "emergency_reviewed"


TITLES: Final[Mapping[EventKind, str]] = {
    EventKind.EPISODE_BEGAN: "开始居住",
    EventKind.EPISODE_ENDED: "迁出",
    EventKind.HUKOU_BEGAN: "户籍登记",
    EventKind.STATUS: "认定状态变化",
    EventKind.RECORD: "部门报送",
    EventKind.RECALL: "部门撤回",
    EventKind.VISIT: "走访联系",
    EventKind.DUTY: "职责任务",
    EventKind.KEY_CARE_PROPOSED: "重点关爱待确认",
    EventKind.KEY_CARE_REVIEW: "重点关爱待复核",
    EventKind.KEY_CARE_DECISION: "重点关爱决定",
    EventKind.SHIELD: "地址保密",
    EventKind.CASE_OPENED: "个案立案",
    EventKind.CASE_ACT: "个案办理",
    EventKind.MATCH_REVIEW_OPENED: "疑似待核",
    EventKind.MATCH_REVIEW_CLOSED: "疑似了结",
    EventKind.RULING: "人工判定",
    EventKind.ANNOUNCED: "通知事项",
    EventKind.EMERGENCY_OPENED: "紧急查询",
    EventKind.EMERGENCY_REVIEWED: "紧急查询审查",
}
_RANK: Final = {kind: rank for rank, kind in enumerate(EventKind)}


@dataclass(frozen=True, slots=True)
class Event:
    """``on`` is the day it happened, ``at`` the instant where one is known."""

    id: UUID
    kind: EventKind
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


def at(event: UUID, kind: EventKind, instant: datetime, /, **detail: Any) -> Event:
    """An event of a known instant, on its day in Asia/Shanghai."""
    return Event(event, kind, instant.astimezone(SHANGHAI).date(), instant, detail)


def made_id(key: bytes, *of: object) -> UUID:
    """The id of an event that is no row of its own."""
    return UUID(bytes=keyed(key, "dossier", *map(str, of))[:16], version=4)
