"""Handovers at rest: what people did, never changed, and what the fold makes of it, written anew with each child.

``giving`` and ``taking`` are counties: both see a handover.  ``anchor`` is an entry of the child: by its proposal's anchor
a handover follows the child through merges and splits (``children.anchoring``).  The note is sealed under a data key
of its own (the act's id), which binds the plain columns.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Text,
)
from sqlmodel import Field

from services.registry.tables import Table


class HandoverAct(Table, table=True):
    __tablename__ = "handover_acts"
    __table_args__ = (
        Index("handover_acts_handover", "handover_id", "number", unique=True),
        Index("handover_acts_anchor", "anchor"),
    )

    id: UUID = Field(primary_key=True)
    handover_id: UUID
    number: int = Field(sa_column=Column(Integer, nullable=False))
    child_id: UUID = Field(index=True)
    anchor: UUID
    kind: str = Field(sa_column=Column(Text, nullable=False))
    side: str = Field(sa_column=Column(Text, nullable=False))
    giving: int = Field(sa_column=Column(BigInteger, nullable=False))
    taking: int = Field(sa_column=Column(BigInteger, nullable=False))
    effective_on: date | None = Field(default=None, sa_column=Column(Date))
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    client: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    acted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Handover(Table, table=True):
    """A handover as the fold has it; ``shielded`` is the child's: what is due would tell whereto it went."""

    __tablename__ = "handovers"
    __table_args__ = (
        Index("handovers_giving", "giving", "id"),
        Index("handovers_taking", "taking", "id"),
    )

    id: UUID = Field(primary_key=True)
    child_id: UUID = Field(index=True)
    state: str = Field(sa_column=Column(Text, nullable=False))
    giving: int = Field(sa_column=Column(BigInteger, nullable=False))
    taking: int = Field(sa_column=Column(BigInteger, nullable=False))
    side: str = Field(sa_column=Column(Text, nullable=False))
    begun_on: date = Field(sa_column=Column(Date, nullable=False))
    effective_on: date | None = Field(default=None, sa_column=Column(Date))
    acts: int = Field(sa_column=Column(Integer, nullable=False))
    shielded: bool = Field(sa_column=Column(Boolean, nullable=False))
