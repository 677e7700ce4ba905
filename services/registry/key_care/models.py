"""Key care (重点关爱): one row a child and hardship category, folded from evidence and decisions.

The child's place columns stand here again, because row-level security protects this table by itself.  Lists run over
the *county* of a place and then the random id: an order by the finer code would tell a shielded child's township by
its neighbours.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Computed, DateTime, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.tables import Table


class KeyCare(Table, table=True):
    __tablename__ = "key_care"
    __table_args__ = (
        Index("key_care_residence", "residence_county", "id"),
        Index("key_care_hukou", "hukou_county", "id"),
        Index("key_care_child", "child_id"),
    )

    id: UUID = Field(primary_key=True)
    child_id: UUID
    category: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    residence_county: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, Computed("residence_code / 1000000", persisted=True)),
    )
    hukou_county: int | None = Field(
        default=None, sa_column=Column(BigInteger, Computed("hukou_code / 1000000", persisted=True))
    )
    residence_stated_by: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    hukou_stated_by: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    since: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
