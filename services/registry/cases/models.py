"""Cases at rest.  What was written in words is sealed, under a data key of its own for each case and each act.

``anchor`` is an entry of the child: by it a case follows its child through merges and splits (``children.anchoring``).
A case may be about a child that nobody has registered: then its particulars stand in ``sealed`` alone.  ``record``
is the record, a visit's say, that gave cause.  ``state``, ``waiting_since``, ``demanding`` and ``version`` follow from the acts.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlmodel import Field

from services.registry.tables import Table


class Case(Table, table=True):
    __tablename__ = "cases"
    __table_args__ = (
        Index("cases_place", "place", "id"),
        Index("cases_waiting", "place", "id", postgresql_where=text("waiting_since IS NOT NULL")),
        Index("cases_anchor", "anchor"),
        Index("cases_demanding", "place", "id", postgresql_where=text("demanding")),
        Index(
            "cases_caused",
            "place",
            "id",
            postgresql_where=text("record IS NOT NULL AND state <> 'closed'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, nullable=False))
    topic: str = Field(sa_column=Column(Text, nullable=False))
    place: int = Field(sa_column=Column(BigInteger, nullable=False))
    addressee: str = Field(sa_column=Column(Text, nullable=False))
    child_id: UUID | None = Field(default=None, index=True)
    anchor: UUID | None = None
    client: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    opened_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    waiting_since: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    record: UUID | None = None
    demanding: bool = Field(
        default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false"))
    )


class CaseAct(Table, table=True):
    """One act; never changed."""

    __tablename__ = "case_acts"
    __table_args__ = (Index("case_acts_case", "case_id", "number", unique=True),)

    id: UUID = Field(primary_key=True)
    case_id: UUID
    number: int = Field(sa_column=Column(Integer, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    outcome: str = Field(default="", sa_column=Column(Text, nullable=False))
    issuer: str = Field(default="", sa_column=Column(Text, nullable=False))
    client: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    acted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
