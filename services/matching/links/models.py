"""Changes of links at rest, and what the newest touched. ``link_seq`` is taken under the linker's advisory lock, so it is
gap-free and in commit order. How a link stands now is in the entry's own row.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Float, LargeBinary, SmallInteger, Text
from sqlmodel import Field

from services.matching.tables import Table


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


class Touch(Table, table=True):
    """What one of the newest changes touched (touching.py): packed keys and persons, overwritten when the ring comes round."""

    __tablename__ = "touches"

    place: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    keys: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    persons: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
