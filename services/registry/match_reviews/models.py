"""Reviews at rest: matching's doubts, mirrored, with what people are about to do with them.

The places of both children stand here, kept up by every fold: row-level security reads them, since only who reaches
both children may know that somebody takes them for one.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Computed, DateTime, Float, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.tables import Table

_OPEN = text("closed_at IS NULL")


class MatchReview(Table, table=True):
    """One doubt; it keeps its id when it comes back.  ``entry`` is the record of ``one`` whose evidence this is.

    ``shown_weight`` orders lists: how much agrees would tell where a shielded child lives, so it counts as nothing.
    ``ruling`` is the last one about it; ``returned`` says why a ruling brought no end.
    """

    __tablename__ = "match_reviews"
    __table_args__ = (
        Index("match_reviews_one", "one"),
        Index("match_reviews_other", "other"),
        Index("match_reviews_oldest", "opened_at", "id", postgresql_where=_OPEN),
        Index("match_reviews_heaviest", "shown_weight", "id", postgresql_where=_OPEN),
    )

    id: UUID = Field(primary_key=True)
    review_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    one: UUID
    other: UUID
    entry: UUID
    weight: float = Field(sa_column=Column(Float, nullable=False))
    rule_version: str = Field(sa_column=Column(Text, nullable=False))
    comparisons: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    opened_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    closed_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    one_residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    one_hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    one_shielded: bool = False
    other_residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    other_hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    other_shielded: bool = False
    shown_weight: float | None = Field(
        default=None,
        sa_column=Column(
            Float,
            Computed("CASE WHEN one_shielded OR other_shielded THEN 0 ELSE weight END", True),
        ),
    )
    state: str = Field(sa_column=Column(Text, nullable=False))
    deferred_until: date | None = None
    ruling: UUID | None = None
    returned: str = Field(default="", sa_column=Column(Text, nullable=False))
    assigned_client: str | None = Field(default=None, sa_column=Column(Text))
    assigned_actor: str | None = Field(default=None, sa_column=Column(Text))
