"""Survey rounds, and how each child stands toward them.

A round is opened by a person and changes only by being withdrawn; what it asked for is read from the rules of its place on its
opening day.  ``survey_standings`` is folded, one row a child to be surveyed.  Its place columns stand here again, because
row-level security protects this table by itself; lists run over the county and then the random id, as those of duties do.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Computed, DateTime, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.tables import Table


class Round(Table, table=True):
    """``low``–``high`` is its area, ``division`` the code that names it."""

    __tablename__ = "survey_rounds"
    __table_args__ = (Index("survey_rounds_division", "division", "opens_on"),)

    id: UUID = Field(primary_key=True)
    division: int = Field(sa_column=Column(BigInteger, nullable=False))
    low: int = Field(sa_column=Column(BigInteger, nullable=False))
    high: int = Field(sa_column=Column(BigInteger, nullable=False))
    opens_on: date
    closes_on: date
    client: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    opened_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    withdrawn_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    mac: bytes = Field(
        sa_column=Column(LargeBinary, nullable=False, server_default=text("''::bytea"))
    )


class StandingRow(Table, table=True):
    """``last_on`` is the day of the last survey that counts, ``made`` the newest of them in order."""

    __tablename__ = "survey_standings"
    __table_args__ = (
        Index("survey_standings_residence", "residence_county", "child_id"),
        Index("survey_standings_place", "residence_code"),
    )

    child_id: UUID = Field(primary_key=True)
    last_on: date | None = None
    made: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    residence_county: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, Computed("residence_code / 1000000", persisted=True)),
    )
    residence_stated_by: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    hukou_stated_by: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
