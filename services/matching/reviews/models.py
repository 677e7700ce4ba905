"""Reviews at rest: an entry and a person it may belong to; gone as soon as the entry is decided
anew.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Float, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.matching.tables import Table


class Review(Table, table=True):
    __tablename__ = "reviews"

    entry: UUID = Field(primary_key=True)
    candidate: UUID = Field(primary_key=True, index=True)
    weight: float = Field(sa_column=Column(Float, nullable=False))
    rule_version: str = Field(sa_column=Column(Text, nullable=False))
    levels: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    weights: list[float] = Field(sa_column=Column(ARRAY(Float), nullable=False))
    opened_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
