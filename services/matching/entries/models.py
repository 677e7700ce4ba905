"""Entries at rest: what one source says, sealed, and whom it is held to speak of."""

from uuid import UUID

from sqlalchemy import BigInteger, Column, Float, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.matching.tables import Table


class Entry(Table, table=True):
    """The newest version of what one source says, and its link.

    ``entry`` and ``version`` are bound into ``sealed``; both are None once the entry was retracted
    or erased. ``arrival`` is the number of its first link. ``levels`` (words, in the order of the
    comparisons) and ``weights`` say why it stands with ``person``, or apart from ``against``;
    ``crowded`` counts the keys too common to be looked under.
    """

    __tablename__ = "entries"

    entry: UUID = Field(primary_key=True)
    version: int | None = Field(default=None, sa_column=Column(BigInteger))
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    person: UUID | None = None
    grade: str = Field(sa_column=Column(Text, nullable=False))
    weight: float = Field(sa_column=Column(Float, nullable=False))
    rule_version: str = Field(sa_column=Column(Text, nullable=False))
    link_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    arrival: int = Field(sa_column=Column(BigInteger, nullable=False))
    against: UUID | None = None
    levels: str = Field(default="", sa_column=Column(Text, nullable=False))
    weights: list[float] = Field(default=[], sa_column=Column(ARRAY(Float), nullable=False))
    crowded: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False))
