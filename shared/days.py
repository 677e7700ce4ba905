"""Days and instants that somebody asks about or reports: bounded, so that no reckoning with them leaves the calendar.

Days of what sources push are bounded by their own type (``records/feeds/wire.py``).
"""

from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import AwareDatetime, Field

FIRST, LAST = date(1980, 1, 1), date(2100, 12, 31)

AskedDay = Annotated[
    date,
    Field(
        ge=FIRST,
        le=LAST,
        json_schema_extra={"pattern": "^(19[89][0-9]|20[0-9]{2}|2100)-[0-9]{2}-[0-9]{2}$"},
    ),
]
"""A day from 1980 to 2100; any other is refused, and the answer names the bound."""

AskedInstant = Annotated[
    AwareDatetime,
    Field(
        ge=datetime.combine(FIRST, time.min, UTC),
        le=datetime.combine(LAST, time.min, UTC),
        json_schema_extra={"pattern": "^(19[89][0-9]|20[0-9]{2}|2100)-[0-9]{2}-[0-9]{2}[Tt]"},
    ),
]
"""Likewise an instant, with its offset: one near the calendar's edge has no day in Asia/Shanghai."""
