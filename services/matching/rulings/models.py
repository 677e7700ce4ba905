"""Rulings at rest; withdrawn, never deleted or changed otherwise."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, DateTime, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.matching.tables import Table


class Ruling(Table, table=True):
    """A person's decision that the entries are of one child, or that none of ``one`` is of the same
    child as any of ``other``. Who decided and why is the registry's to keep, under the same id.
    """

    __tablename__ = "rulings"

    ruling: UUID = Field(primary_key=True)
    same: bool = Field(sa_column=Column(Boolean, nullable=False))
    one: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    other: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    made_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    withdrawn_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class RulingEntry(Table, table=True):
    """Which standing rulings bind an entry."""

    __tablename__ = "ruling_entries"

    entry: UUID = Field(primary_key=True)
    ruling: UUID = Field(primary_key=True)
