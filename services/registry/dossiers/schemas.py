"""What crosses the wire about dossiers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.children.schemas import CHILD_EXAMPLE, ChildOut, Text
from services.registry.dossiers.events import DossierEventKind

EVENT_EXAMPLE: dict[str, Any] = {
    "id": "5f0c9b1e-52a1-4f0e-9c1d-8e1f5f6b7a21",
    "kind": "visit",
    "title": "走访联系",
    "on": "2026-02-10",
    "detail": {
        "kind": "home_visit",
        "channel": "in_person",
        "outcome": "met",
        "visitor": "child_director",
    },
}
SETTLED_EXAMPLE: dict[str, Any] = {
    "id": "6a1d0c2f-63b2-4a1f-8dae-9f2a6a7c8b32",
    "kind": "key_care_proposed",
    "title": "重点关爱待确认",
    "on": "2026-02-11",
    "at": "2026-02-11T01:30:00Z",
    "detail": {
        "category": "family_hardship",
        "key_care": "0195f3f2-5a6e-7c1b-9a53-0242ac120061",
        "clause": "《示例方案》二(二)",
        "settled_at": "2026-02-14T02:00:00+00:00",
        "outcome": "confirmed",
    },
}
ENDED_EXAMPLE: dict[str, Any] = {
    "id": "7b2e1d30-74c3-4b20-9ebf-a03b7b8d9c43",
    "kind": "duty_ended",
    "title": "职责终止",
    "on": "2026-03-20",
    "detail": {
        "duty": "key_care_contact",
        "department": "civil_affairs",
        "clause": "《示例方案》二(二)",
        "why": "key_care_ended",
        "late": False,
    },
}
#: The keys of each kind stand in docs/integrating.md, held by ``tests/registry/test_dossier_words.py``.
_DETAIL = (
    "by kind: the id of a thing under its name, what it is under `kind`, the rest in the words of its own lists.  Of `duty_ended`"
    " `why` (终止原因): `status_changed` 认定状态变化, `left_school` 离校, `key_care_ended` 重点关爱结束, `moved` 迁居,"
    " `rules_changed` 规定变化或情况更正; absent of a duty owed to key care or pupils, where you do not see that."
    "  Of `key_care_proposed` and `key_care_review` once settled `outcome`: the state that took its place, or `lapsed` 依据已消失"
)


class DossierEventOut(BaseModel):
    """One event of a child's file."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [EVENT_EXAMPLE, SETTLED_EXAMPLE, ENDED_EXAMPLE]}
    )

    id: UUID = Field(description="the event's own, the same each time")
    kind: DossierEventKind
    title: Text = Field(description="the kind in Chinese")
    on: date = Field(description="the day, in Asia/Shanghai")
    at: datetime | None = Field(default=None, description="the instant, where one is known")
    detail: dict[str, Any] | None = Field(default=None, max_length=20, description=_DETAIL)


class DossierOut(BaseModel):
    """A page of one child's file (一人一档), the oldest event first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"child": CHILD_EXAMPLE, "events": [EVENT_EXAMPLE, SETTLED_EXAMPLE, ENDED_EXAMPLE]}
            ]
        }
    )

    child: ChildOut | None = Field(default=None, description="with the first page")
    events: list[DossierEventOut] = Field(max_length=500)
    incomplete_before: datetime | None = Field(
        default=None,
        description="of a life of very many reports: proposals, reviews and duties that were settled before this instant, and"
        " reviews that waited by then, are told with `known_at` this instant, and not here",
    )
    next: Text | None = Field(default=None, description="cursor of the next page", max_length=500)
