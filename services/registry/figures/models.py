"""Figures at rest: what was asked, for which two times, by which rules, and what it came to.

A row is a *publication*, or a *revision* of one (``revises``): the same question as known later.  It is *requested* until a
worker has counted it (``computed_at``), and never changes from then on.  ``counts`` are whole: what is small is masked
whenever it is shown, by the size that held when it was asked for.  ``mac`` stands for the row.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.tables import Table


class Figure(Table, table=True):
    __tablename__ = "figures"
    __table_args__ = (
        Index("figures_waiting", "attempts", "id", postgresql_where=text("computed_at IS NULL")),
        Index("figures_revises", "revises", "id"),
    )

    id: UUID = Field(primary_key=True)
    revises: UUID | None = None
    division: int = Field(sa_column=Column(BigInteger, nullable=False))
    low: int = Field(sa_column=Column(BigInteger, nullable=False))
    high: int = Field(sa_column=Column(BigInteger, nullable=False))
    valid_on: date
    known_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    pilot: bool = False
    rulebook: str = Field(sa_column=Column(Text, nullable=False))
    method: str = Field(sa_column=Column(Text, nullable=False))
    smallest: int = Field(sa_column=Column(Integer, nullable=False))
    configured: bool
    client: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    requested_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    computed_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    counts: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
