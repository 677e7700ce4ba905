"""Moves of links at rest: between which children entries went since each was folded last."""

from uuid import UUID

from sqlalchemy import Boolean, Column, Integer
from sqlmodel import Field

from services.registry.tables import Table


class LinkMove(Table, table=True):
    """``entries`` that ``person`` gained from ``other``, or lost to it.  The fold of ``person`` takes the row away."""

    __tablename__ = "link_moves"

    person: UUID = Field(primary_key=True)
    other: UUID = Field(primary_key=True)
    gained: bool = Field(sa_column=Column(Boolean, primary_key=True))
    entries: int = Field(sa_column=Column(Integer, nullable=False))
