"""Children: one row a child, folded from the records linked to it and rebuilt from them at any time.

The row's plain columns are what areas, clocks and lists need; all that identifies the child is in ``sealed``, and what a later
day is decided from in ``gist``, sealed under the same key.
``residence_stated_by`` and ``hukou_stated_by`` name the departments that place the child there: row-level security
reads them, so that a department's own push never buys it a read.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.tables import Table


class Child(Table, table=True):
    __tablename__ = "children"
    __table_args__ = (
        Index("children_residence", "residence_code", "id"),
        Index("children_hukou", "hukou_code", "id"),
        Index("children_aged_out", "id", postgresql_where=text("status = 'aged_out'")),
        Index(
            "children_next_change",
            "next_change_on",
            postgresql_where=text("next_change_on IS NOT NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    child_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    told_seq: int = Field(
        default=1, sa_column=Column(BigInteger, nullable=False, server_default=text("1"))
    )
    birth_on: date | None = None
    sex: str = Field(sa_column=Column(Text, nullable=False))
    residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    residence_stated_by: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    hukou_stated_by: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    status: str = Field(sa_column=Column(Text, nullable=False))
    decision: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    next_change_on: date | None = None
    shielded: bool = False
    entries: int = Field(sa_column=Column(Integer, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    told: bytes = Field(
        default=b"", sa_column=Column(LargeBinary, nullable=False, server_default=text("''::bytea"))
    )
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    gist: bytes = Field(
        default=b"", sa_column=Column(LargeBinary, nullable=False, server_default=text("''::bytea"))
    )
    folded_on: date
    registered_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    changed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class Lookup(Table, table=True):
    """Keyed hashes by which a child is found: ``id_number``; ``name_birth``."""

    __tablename__ = "child_lookups"

    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    child_id: UUID = Field(primary_key=True, index=True)


class FoldRequest(Table, table=True):
    """A child to fold again.  The row goes when that is done; a child whose records cannot be folded is parked by itself
    (``not_before``, ``failures``) and holds up no other."""

    __tablename__ = "fold_queue"
    __table_args__ = (Index("fold_queue_order", "queued_at"),)

    child_id: UUID = Field(primary_key=True)
    wanted: int = Field(default=1, sa_column=Column(BigInteger, nullable=False))
    queued_at: datetime = Field(
        sa_column=Column(
            DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")
        )
    )
    not_before: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    failures: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))


class Decision(Table, table=True):
    """What a person decided about a child: a record like any other, anchored to an entry, so that it follows its
    evidence through merges and splits.  ``basis`` are the entries it rested on.  The note is sealed under a data key of its
    own (the decision's id)."""

    __tablename__ = "decisions"
    __table_args__ = (Index("decisions_anchor", "anchor"),)

    id: UUID = Field(primary_key=True)
    anchor: UUID
    child_id: UUID = Field(index=True)
    basis: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    category: str = Field(default="", sa_column=Column(Text, nullable=False))
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    client: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    decided_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
