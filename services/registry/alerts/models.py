"""Alerts: one row a child and cause, folded; and what people did about them, which is never changed.

The child's place columns stand here again, because row-level security protects this table by itself.  An alert that one entry
is the cause of (``entry``) stands from the moment the entry came in, before anybody knows whose it is: then it has no child,
and its place is that of the office which reported.  Lists run over the *county*, then over the day on which an alert is due
(``due_rank``, in days; those due on no day after all others, by the day on which they were raised), then over the random id.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.tables import Table

#: The cause of these begins with the sibling's id, and goes with the sibling's erasure.
ABOUT_A_SIBLING = text("kind = 'sibling_in_care'")


class Alert(Table, table=True):
    __tablename__ = "alerts"
    __table_args__ = (
        Index("alerts_residence", "residence_county", "due_rank", "id"),
        Index(
            "alerts_waiting",
            "residence_county",
            "due_rank",
            "id",
            postgresql_where=text("state IN ('open', 'acknowledged')"),
        ),
        Index("alerts_place", "residence_code"),
        Index("alerts_child", "child_id"),
        Index("alerts_entry", "entry", postgresql_where=text("entry IS NOT NULL")),
        Index(
            "alerts_undated",
            "id",
            postgresql_where=text("child_id IS NULL AND due_on IS NULL AND closed_on IS NULL"),
        ),
        Index("alerts_sibling", text('"left"(cause, 32)'), postgresql_where=ABOUT_A_SIBLING),
    )

    id: UUID = Field(primary_key=True)
    child_id: UUID | None = None
    kind: str = Field(sa_column=Column(Text, nullable=False))
    cause: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    category: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    raised_on: date
    due_on: date | None = None
    due_rank: int | None = Field(
        default=None,
        sa_column=Column(
            Integer,
            Computed(
                "coalesce(due_on - '2000-01-01'::date, 1000000000 + (raised_on - '2000-01-01'::date))",
                persisted=True,
            ),
        ),
    )
    closed_on: date | None = Field(default=None, sa_column=Column(Date))
    entry: UUID | None = None
    residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    residence_county: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, Computed("residence_code / 1000000", persisted=True)),
    )
    residence_stated_by: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    hukou_stated_by: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class AlertAct(Table, table=True):
    """What a person did about an alert.  It follows the child by ``anchor``, as decisions do; what is about an alert with
    an ``entry`` of its own is anchored to that.  The note is sealed under a data key of its own."""

    __tablename__ = "alert_acts"
    __table_args__ = (
        Index("alert_acts_anchor", "anchor"),
        Index("alert_acts_alert", "alert_id"),
        Index("alert_acts_sibling", text('"left"(cause, 32)'), postgresql_where=ABOUT_A_SIBLING),
    )

    id: UUID = Field(primary_key=True)
    alert_id: UUID
    child_id: UUID | None = Field(default=None, index=True)
    anchor: UUID
    kind: str = Field(sa_column=Column(Text, nullable=False))
    cause: str = Field(sa_column=Column(Text, nullable=False))
    raised_on: date
    act: str = Field(sa_column=Column(Text, nullable=False))
    outcome: str = Field(sa_column=Column(Text, nullable=False))
    client: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    acted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
