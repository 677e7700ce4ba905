"""Reviews at rest: two persons who may be one child, for somebody to decide.

Open while the evidence leaves a doubt; closed by a ruling, or by itself when the evidence changes.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Float, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.matching.tables import Table


class Review(Table, table=True):
    """``review`` is derived from the two persons, so a doubt that comes back is the same review.
    ``entry``, of the first person, shows the evidence beside the second. ``review_seq`` is taken
    under the linker's lock at every change.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        Index("reviews_one", "one", postgresql_where=text("closed_at IS NULL")),
        Index("reviews_other", "other", postgresql_where=text("closed_at IS NULL")),
        Index("reviews_seq", "review_seq", unique=True),
    )

    review: UUID = Field(primary_key=True)
    one: UUID
    other: UUID
    entry: UUID
    weight: float = Field(sa_column=Column(Float, nullable=False))
    rule_version: str = Field(sa_column=Column(Text, nullable=False))
    levels: str = Field(sa_column=Column(Text, nullable=False))
    weights: list[float] = Field(sa_column=Column(ARRAY(Float), nullable=False))
    review_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    opened_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    closed_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
