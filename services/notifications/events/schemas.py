"""The registry's events as its relay posts them."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from services.notifications.schemas import BigNumber, Instant, Reply, Wire

MAX_EVENTS = 500


class EventIn(Wire):
    id: UUID
    seq: BigNumber
    """The registry's number of the event, growing without gaps."""
    type: Annotated[
        str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+){1,3}$", max_length=64)
    ]
    occurred_at: Instant
    subject: UUID
    """The child, or the case, by its internal id."""
    subject_seq: BigNumber
    body: Annotated[dict[str, JsonValue], Field(max_length=32)]
    """Counties, flags and opaque ids; never a personal value."""


class EventsIn(Wire):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "events": [
                    {
                        "id": "0198c1ef-2222-7000-8000-000000000001",
                        "seq": 1,
                        "type": "child.registered",
                        "occurred_at": "2026-11-20T08:00:00Z",
                        "subject": "0198c1ef-3333-7000-8000-000000000001",
                        "subject_seq": 1,
                        "body": {
                            "residence": "500103000000",
                            "hukou": "371721000000",
                            "shielded": False,
                        },
                    }
                ]
            }
        }
    )

    events: Annotated[tuple[EventIn, ...], Field(max_length=MAX_EVENTS)]
    """In order of ``seq``."""


class PositionOut(Reply):
    position: Annotated[int, Field(ge=0, le=2**63 - 1)]
    """The highest ``seq`` taken so far."""
