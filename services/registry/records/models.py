"""Records: what a department sent, stored once and never changed.

The runtime role may insert and read here, nothing else.  Data keys live in the schema ``vault``, which is dumped and
kept apart; destroying a key there is how a record is erased.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.tables import Table

FACT, RECALL = 0, 1


class Record(Table, table=True):
    """One stored version of an item, or its recall.  All plain columns are bound into ``sealed``."""

    __tablename__ = "records"
    __table_args__ = (
        Index("records_entry_version", "entry_id", "version", "kind", unique=True),
        Index("records_division_feed", "division", "feed", "id"),
        Index(
            "records_elsewhere",
            "residence_code",
            postgresql_where=text("residence_code / 1000000 <> division / 1000000"),
        ),
    )

    id: UUID = Field(primary_key=True)
    entry_id: UUID
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: int = Field(sa_column=Column(SmallInteger, nullable=False))
    feed: str = Field(sa_column=Column(Text, nullable=False))
    source: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    client: str = Field(sa_column=Column(Text, nullable=False))
    division: int = Field(sa_column=Column(BigInteger, nullable=False))
    observed_on: date
    received_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    birth_on: date | None = None
    residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    findings: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    content_mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DataKey(Table, table=True):
    """A wrapped data key: of a record (its id) or of a child's fold (the child's id)."""

    __tablename__ = "data_keys"
    __table_args__ = {"schema": "vault"}

    id: UUID = Field(primary_key=True)
    master: int = Field(sa_column=Column(SmallInteger, nullable=False))
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Resolution(Table, table=True):
    """An entry waiting to be linked.  ``wanted`` grows with each new version; the row goes when that is done."""

    __tablename__ = "resolution_queue"
    __table_args__ = (Index("resolution_queue_order", "bulk", "queued_at"),)

    entry_id: UUID = Field(primary_key=True)
    wanted: int = Field(default=1, sa_column=Column(BigInteger, nullable=False))
    bulk: bool = Field(default=False)
    queued_at: datetime = Field(
        sa_column=Column(
            DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")
        )
    )
    leased_until: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class Link(Table, table=True):
    """Which person an entry speaks of, by matching's newest word (highest ``link_seq``).

    ``taken_at`` is when the hub came to know of this person: before it, ``former_links`` speak.
    """

    __tablename__ = "links"
    __table_args__ = (Index("links_person", "person"),)

    entry_id: UUID = Field(primary_key=True)
    person: UUID | None = None
    grade: str = Field(sa_column=Column(Text, nullable=False))
    weight: float
    rule_version: str = Field(sa_column=Column(Text, nullable=False))
    link_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    taken_at: datetime = Field(
        sa_column=Column(
            DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")
        )
    )


class FormerLink(Table, table=True):
    """Whom an entry was held to speak of from ``taken_at`` until ``replaced_at``: what the hub knew then."""

    __tablename__ = "former_links"
    __table_args__ = (Index("former_links_person", "person"),)

    entry_id: UUID = Field(primary_key=True)
    link_seq: int = Field(sa_column=Column(BigInteger, primary_key=True))
    person: UUID
    taken_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    replaced_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    mac: bytes = Field(
        sa_column=Column(LargeBinary, nullable=False, server_default=text("''::bytea"))
    )


class FeedArrival(Table, table=True):
    """When a source last sent a feed: what lateness (R11) is told from."""

    __tablename__ = "feed_arrivals"

    feed: str = Field(primary_key=True, sa_type=Text)
    source: str = Field(primary_key=True, sa_type=Text)
    county: int = Field(sa_column=Column(BigInteger, primary_key=True))
    department: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    observed_on: date
    records: int = Field(sa_column=Column(BigInteger, nullable=False))
