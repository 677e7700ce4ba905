"""Previews at rest: ids and counts, never a value."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.matching.tables import Table


class Preview(Table, table=True):
    """``digest`` is of every change; ``link_seq`` the last link that the preview saw."""

    __tablename__ = "previews"

    preview: UUID = Field(primary_key=True)
    rule_version: str = Field(sa_column=Column(Text, nullable=False))
    made_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    link_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    counts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    applied_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class PreviewGroup(Table, table=True):
    """Persons who would change together."""

    __tablename__ = "preview_groups"

    preview: UUID = Field(primary_key=True)
    place: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    persons: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
