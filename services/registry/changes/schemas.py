"""What crosses the wire about changes."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.changes.terms import ChangeKind
from shared.limits import MAX_PAGE

Cursor = Annotated[str, StringConstraints(max_length=500)]


class ChangeOut(BaseModel):
    """Something about one child; what it is stands with the child (`/v1/references/read`)."""

    reference: Annotated[str, StringConstraints(max_length=100)] = Field(
        description="this client's own name of the child, the same each time"
    )
    change: ChangeKind
    on: date = Field(description="the day on which the hub learnt of it")


class ChangesOut(BaseModel):
    """A page of changes, the oldest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "changes": [
                        {
                            "reference": "np5aqq3x2nobt4sl2xyrxubonzbm45gpajnjzf4mm4xv7yzhyasq",
                            "change": "entered",
                            "on": "2026-11-20",
                        }
                    ],
                    "next": "AQx8n2",
                }
            ]
        }
    )

    changes: list[ChangeOut] = Field(max_length=MAX_PAGE)
    next: Cursor = Field(description="pass it as `after` to confirm this page and get what follows")
