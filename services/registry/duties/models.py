"""Duties: one row a child and duty, folded from status, key care, the rules of the place and the visits.

The child's place columns stand here again, because row-level security protects this table by itself.  Lists run over the
*county* of a place, then the day on which a duty is due (``due_rank``, in days, those due on no day last), then the random
id: an order by the finer code would tell a shielded child's township by its neighbours.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Computed, Date, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.tables import Table


class DutyOwed(Table, table=True):
    """``department`` owes it; ``done_on`` are the days on which it was done, in order, the newest at least."""

    __tablename__ = "duties"
    __table_args__ = (
        Index("duties_residence", "residence_county", "due_rank", "id"),
        Index(
            "duties_overdue",
            "residence_county",
            "due_rank",
            "id",
            postgresql_where=text("state = 'overdue'"),
        ),
        Index(
            "duties_without_interval",
            "residence_county",
            "due_rank",
            "id",
            postgresql_where=text("state = 'interval_not_configured'"),
        ),
        Index("duties_place", "residence_code"),
        Index("duties_child", "child_id"),
    )

    id: UUID = Field(primary_key=True)
    child_id: UUID
    duty: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    population: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    step: str = Field(sa_column=Column(Text, nullable=False))
    begun_on: date
    due_on: date | None = None
    due_rank: int | None = Field(
        default=None,
        sa_column=Column(
            Integer,
            Computed("coalesce(due_on - '2000-01-01'::date, 2147483647)", persisted=True),
        ),
    )
    done_on: list[date] = Field(sa_column=Column(ARRAY(Date), nullable=False))
    residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    residence_county: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, Computed("residence_code / 1000000", persisted=True)),
    )
    residence_stated_by: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    hukou_stated_by: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
