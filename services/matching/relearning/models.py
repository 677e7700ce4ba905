"""Where numbering goes on: one row."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column
from sqlmodel import Field

from services.matching.tables import Table


class Numbering(Table, table=True):
    """Changes are numbered above these, whatever the tables hold; ``skipped`` link numbers were never given."""

    __tablename__ = "numbering"
    __table_args__ = (CheckConstraint("is_only", name="numbering_is_only"),)

    is_only: bool = Field(default=True, sa_column=Column(Boolean, primary_key=True))
    link_seq: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    skipped: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    review_seq: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
