"""Changes at rest: one row for each county that a change concerns, and how far each client has come.

``position`` is given after commit (``numbering``) and is the same for all rows of a change: nobody ever reads half of one.
``stated_before`` and ``stated_now`` name the departments that placed the child in the county before and place it there
now; NULL where it was not, or is not, there.  ``care`` is NULL but where nothing changed beside key care: then it names the
categories, and whoever sees none of them is told nothing.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.tables import Table


class ChildChange(Table, table=True):
    __tablename__ = "child_changes"
    __table_args__ = (
        Index("child_changes_county", "county", "position"),
        Index("child_changes_position", "position"),
        Index("child_changes_child", "child_id", "county", "position"),
        Index("child_changes_unnumbered", "id", postgresql_where=text("position IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    county: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False, nullable=False)
    )
    child_id: UUID
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    stated_before: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    stated_now: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    care: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    position: int | None = Field(default=None, sa_column=Column(BigInteger))
    mac: bytes = Field(
        sa_column=Column(LargeBinary, nullable=False, server_default=text("''::bytea"))
    )


class ChangePosition(Table, table=True):
    """How far a client has confirmed, for the area that it had then."""

    __tablename__ = "change_positions"

    client: str = Field(sa_column=Column(Text, primary_key=True))
    low: int = Field(sa_column=Column(BigInteger, nullable=False))
    high: int = Field(sa_column=Column(BigInteger, nullable=False))
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    mac: bytes = Field(
        sa_column=Column(LargeBinary, nullable=False, server_default=text("''::bytea"))
    )
