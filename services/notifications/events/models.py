"""What the registry told us: the inbox of its events, and where each child was last said to be."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notifications.tables import INSTANT, Table


class Event(Table, table=True):
    """One event, kept once per (sender, id); ``dispatched_at`` is set with its last effect."""

    __tablename__ = "events"
    __table_args__ = (
        Index("events_waiting", "seq", postgresql_where=text("dispatched_at IS NULL")),
        Index("events_seq", "sender", "seq"),
    )

    sender: str = Field(primary_key=True, sa_type=Text)
    id: UUID = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)
    type: str = Field(sa_type=Text)
    occurred_at: datetime = Field(sa_type=INSTANT)
    subject: UUID
    subject_seq: int = Field(sa_type=BigInteger)
    body: dict[str, Any] = Field(sa_type=JSONB)
    received_at: datetime = Field(sa_type=INSTANT)
    dispatched_at: datetime | None = Field(default=None, sa_type=INSTANT)


class Case(Table, table=True):
    """A child as far as this service knows it: two counties and whether it is shielded."""

    __tablename__ = "cases"
    __table_args__ = (Index("cases_residence", "residence"), Index("cases_hukou", "hukou"))

    child: UUID = Field(primary_key=True)
    residence: int | None = Field(default=None, sa_type=BigInteger)
    hukou: int | None = Field(default=None, sa_type=BigInteger)
    shielded: bool = False
    subject_seq: int = Field(sa_type=BigInteger)
