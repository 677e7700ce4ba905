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


class DossierEventOut(BaseModel):
    """One event of a child's file."""

    model_config = ConfigDict(json_schema_extra={"examples": [EVENT_EXAMPLE]})

    id: UUID = Field(description="the event's own, the same each time")
    kind: DossierEventKind
    title: Text = Field(description="the kind in Chinese")
    on: date = Field(description="the day, in Asia/Shanghai")
    at: datetime | None = Field(default=None, description="the instant, where one is known")
    detail: dict[str, Any] | None = Field(
        default=None, max_length=20, description="by kind, in the words of its own lists"
    )


class DossierOut(BaseModel):
    """A page of one child's file (一人一档), the oldest event first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"child": CHILD_EXAMPLE, "events": [EVENT_EXAMPLE]}]}
    )

    child: ChildOut | None = Field(default=None, description="with the first page")
    events: list[DossierEventOut] = Field(max_length=500)
    next: Text | None = Field(default=None, description="cursor of the next page", max_length=500)
