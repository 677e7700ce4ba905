"""Erasures: requests that two subjects must approve, and the tombstones they leave.

A tombstone names the child and its entries by ids that are opaque without keys, and the two counties whose civil
affairs may see it; nothing else of them.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, LargeBinary, Text, text
from sqlmodel import Field

from services.registry.tables import Table


class Erasure(Table, table=True):
    """A request; once ``erased_at`` is set, a tombstone.  ``mac`` stands for all of it: see ``authenticity.py``."""

    __tablename__ = "erasures"
    __table_args__ = (
        Index(
            "erasures_pending",
            "child_id",
            unique=True,
            postgresql_where=text("state = 'requested'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    child_id: UUID
    residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    ground: str = Field(sa_column=Column(Text, nullable=False))
    hold: bool = Field(sa_column=Column(Boolean, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    request_client: str = Field(sa_column=Column(Text, nullable=False))
    request_actor: str = Field(sa_column=Column(Text, nullable=False))
    requested_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    approval_client: str | None = Field(default=None, sa_column=Column(Text))
    approval_actor: str | None = Field(default=None, sa_column=Column(Text))
    erased_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    mac: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class ErasedEntry(Table, table=True):
    """An entry of an erased child.  With ``hold`` it is refused for good; without, a newer version may speak again."""

    __tablename__ = "erased_entries"

    entry_id: UUID = Field(primary_key=True)
    erasure_id: UUID = Field(primary_key=True, index=True)
    hold: bool = Field(sa_column=Column(Boolean, nullable=False))
