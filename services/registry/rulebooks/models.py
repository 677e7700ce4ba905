"""Rulebooks at rest: the files of all profiles of a hub, as they were when it began to go by them.

``fingerprint`` is a hash of the files, ``mac`` stands for when they were adopted.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.tables import Table


class Rulebook(Table, table=True):
    __tablename__ = "rulebooks"
    __table_args__ = (Index("rulebooks_fingerprint", "fingerprint"),)

    id: UUID = Field(primary_key=True)
    fingerprint: str = Field(sa_column=Column(Text, nullable=False))
    adopted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    files: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
