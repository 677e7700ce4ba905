"""Rosters at rest.  They hold no values: each row names a child, and what was written of it is read from its fold.

``taken_at``, ``child_seq`` (the child's ``told_seq``) and ``told`` say when a row last left the hub, and what it showed then;
``anchor`` is an entry of the child, by which a row follows it through merges and splits.  Every row is authenticated.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.tables import Table

_AT = DateTime(timezone=True)


class Roster(Table, table=True):
    """``addressee``: the department that reads and answers it; ``low``–``high``: the area whose children it names."""

    __tablename__ = "rosters"

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, nullable=False))
    topic: str = Field(sa_column=Column(Text, nullable=False))
    addressee: str = Field(sa_column=Column(Text, nullable=False))
    low: int = Field(sa_column=Column(BigInteger, nullable=False))
    high: int = Field(sa_column=Column(BigInteger, nullable=False))
    clause: str = Field(sa_column=Column(Text, nullable=False))
    client: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    made_at: datetime = Field(sa_column=Column(_AT, nullable=False))
    mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class RosterRow(Table, table=True):
    __tablename__ = "roster_rows"
    __table_args__ = (
        Index("roster_rows_roster", "roster_id", "number", unique=True),
        Index("roster_rows_anchor", "anchor"),
    )

    id: UUID = Field(primary_key=True)
    roster_id: UUID
    kind: str = Field(sa_column=Column(Text, nullable=False))
    number: int = Field(sa_column=Column(Integer, nullable=False))
    child_id: UUID = Field(index=True)
    anchor: UUID
    child_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    told: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    taken_at: datetime | None = Field(default=None, sa_column=Column(_AT))
    verdict: str = Field(default="", sa_column=Column(Text, nullable=False))
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    differing: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    answered_by: str = Field(default="", sa_column=Column(Text, nullable=False))
    answered_at: datetime | None = Field(default=None, sa_column=Column(_AT))
    generation: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class RosterReading(Table, table=True):
    """One whole reading: what left, to whom, and its digest, sealed; with ``received_at`` its receipt (回执)."""

    __tablename__ = "roster_readings"

    id: UUID = Field(primary_key=True)
    roster_id: UUID = Field(index=True)
    client: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(_AT, nullable=False))
    rows: int = Field(sa_column=Column(Integer, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_by: str = Field(default="", sa_column=Column(Text, nullable=False))
    received_at: datetime | None = Field(default=None, sa_column=Column(_AT))
    generation: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class RosterAct(Table, table=True):
    """That a row left the hub for the first time, or what was said of it: added to, never changed.

    ``act`` is ``taken`` or a verdict; a row that was answered again has one act for each answer.
    """

    __tablename__ = "roster_acts"
    __table_args__ = (Index("roster_acts_row", "row_id", "at"),)

    id: UUID = Field(primary_key=True)
    roster_id: UUID
    row_id: UUID
    act: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(_AT, nullable=False))
    mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
