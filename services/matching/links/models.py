"""Links at rest. ``link_seq`` is taken under the linker's advisory lock, so it is gap-free and
in commit order.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Float, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.matching.tables import Table


class Person(Table, table=True):
    """A child as matching knows it: an id that entries are linked to. ``joined_to`` says where
    its entries went.
    """

    __tablename__ = "persons"

    person: UUID = Field(primary_key=True)
    joined_to: UUID | None = None


class Link(Table, table=True):
    """An entry's person now; None when it was retracted or erased. The levels say why, beside
    ``against``.
    """

    __tablename__ = "links"
    __table_args__ = (Index("links_person", "person", postgresql_where=text("person IS NOT NULL")),)

    entry: UUID = Field(primary_key=True)
    person: UUID | None = None
    grade: str = Field(sa_column=Column(Text, nullable=False))
    weight: float = Field(sa_column=Column(Float, nullable=False))
    rule_version: str = Field(sa_column=Column(Text, nullable=False))
    link_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    against: UUID | None = None
    levels: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    weights: list[float] = Field(sa_column=Column(ARRAY(Float), nullable=False))


class LinkChange(Table, table=True):
    """One change of one link; never edited."""

    __tablename__ = "link_changes"

    link_seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    entry: UUID
    person: UUID | None = None
    grade: str = Field(sa_column=Column(Text, nullable=False))
    weight: float = Field(sa_column=Column(Float, nullable=False))
    rule_version: str = Field(sa_column=Column(Text, nullable=False))
    changed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
