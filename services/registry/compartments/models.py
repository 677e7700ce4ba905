"""Compartments at rest: an entry and its acts, each under a data key of its own, in tables that no other code reads.

By column: what level readers may see is sealed apart (``sealed_level``) from every word (``sealed``), so that showing the
one never opens the other.  ``place`` is the county that keeps the entry, and never anything finer.  ``anchor`` is an entry of
the child by which the compartment follows it (``children.anchoring``).  ``state``, ``waiting_since`` and ``version`` follow
from the acts.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, LargeBinary, Text
from sqlmodel import Field

from services.registry.tables import Table


class CompartmentEntry(Table, table=True):
    """One child in one compartment."""

    __tablename__ = "compartment_entries"
    __table_args__ = (
        Index("compartment_entries_place", "compartment", "place", "id"),
        Index("compartment_entries_anchor", "anchor"),
    )

    id: UUID = Field(primary_key=True)
    compartment: str = Field(sa_column=Column(Text, nullable=False))
    place: int = Field(sa_column=Column(BigInteger, nullable=False))
    child_id: UUID = Field(index=True)
    anchor: UUID
    client: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    opened_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    urgent: bool = Field(sa_column=Column(Boolean, nullable=False))
    sealed_level: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    waiting_since: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    version: int = Field(sa_column=Column(Integer, nullable=False))


class CompartmentAct(Table, table=True):
    """One act; never changed."""

    __tablename__ = "compartment_acts"
    __table_args__ = (Index("compartment_acts_entry", "entry_id", "number", unique=True),)

    id: UUID = Field(primary_key=True)
    entry_id: UUID
    number: int = Field(sa_column=Column(Integer, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    client: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    acted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    urgent: bool = Field(sa_column=Column(Boolean, nullable=False))
    sealed_level: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
