"""Keyings at rest; retired, never deleted or renumbered."""

from datetime import datetime

from sqlalchemy import Column, DateTime, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.matching.tables import Table


class StoredKeying(Table, table=True):
    """Live until ``retired_at``; of the live ones, exactly one is current."""

    __tablename__ = "keyings"
    __table_args__ = (
        Index("keyings_current", "is_current", unique=True, postgresql_where=text("is_current")),
    )

    keying: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    index_key: int = Field(sa_column=Column(SmallInteger, nullable=False))
    rules: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    is_current: bool = False
    made_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    retired_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
