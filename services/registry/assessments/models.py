"""Assessments and placements at rest.  What was written in words is sealed, under a data key of its own for each row, and binds
all the plain columns beside it; ``anchor`` is an entry of the child, by which a row follows it through merges and splits.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, Text
from sqlmodel import Field

from services.registry.tables import Table

_AT = DateTime(timezone=True)


class Assessment(Table, table=True):
    """``case_id``: the case that a high risk opened, or found open."""

    __tablename__ = "assessments"
    __table_args__ = (Index("assessments_anchor", "anchor"),)

    id: UUID = Field(primary_key=True)
    child_id: UUID = Field(index=True)
    anchor: UUID
    kind: str = Field(sa_column=Column(Text, nullable=False))
    finding: str = Field(sa_column=Column(Text, nullable=False))
    assessed_on: date
    case_id: UUID | None = None
    client: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    made_at: datetime = Field(sa_column=Column(_AT, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Placement(Table, table=True):
    __tablename__ = "placements"
    __table_args__ = (
        Index("placements_anchor", "anchor"),
        Index("placements_place", "place", "id"),
    )

    id: UUID = Field(primary_key=True)
    child_id: UUID = Field(index=True)
    anchor: UUID
    measure: str = Field(sa_column=Column(Text, nullable=False))
    performer: str = Field(sa_column=Column(Text, nullable=False))
    basis: str = Field(sa_column=Column(Text, nullable=False))
    since: date
    place: int = Field(sa_column=Column(BigInteger, nullable=False))
    client: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    made_at: datetime = Field(sa_column=Column(_AT, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class PlacementAct(Table, table=True):
    """One act; never changed."""

    __tablename__ = "placement_acts"
    __table_args__ = (Index("placement_acts_placement", "placement_id", "number", unique=True),)

    id: UUID = Field(primary_key=True)
    placement_id: UUID
    number: int = Field(sa_column=Column(Integer, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    done_on: date
    client: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    made_at: datetime = Field(sa_column=Column(_AT, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
