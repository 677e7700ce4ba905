"""Receivers, lanes, deliveries and attempts.

A *receiver* is a subscription of a client, or a peer hub.  A *lane* is one receiver and one child: its deliveries are
numbered from 1 without gaps and sent in that order, one at a time.  A *delivery* is one message for one lane; an
*attempt* is one try at it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.notifications.tables import INSTANT, Table


class Receiver(Table, table=True):
    """``client`` is empty for a peer hub.  The last group of columns is the breaker's memory."""

    __tablename__ = "receivers"
    __table_args__ = (Index("receivers_client", "client", "id"),)

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    client: str | None = Field(default=None, sa_type=Text)
    department: str | None = Field(default=None, sa_type=Text)
    url: str = Field(sa_type=Text)
    low: int = Field(sa_type=BigInteger)
    high: int = Field(sa_type=BigInteger)
    kinds: list[str] = Field(sa_type=ARRAY(Text))
    version: int = Field(default=1, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=INSTANT)
    enabled: bool = True
    disabled_because: str | None = Field(default=None, sa_type=Text)
    failures: int = 0
    opened: int = 0
    open_until: datetime | None = Field(default=None, sa_type=INSTANT)


class Lane(Table, table=True):
    __tablename__ = "lanes"
    __table_args__ = (UniqueConstraint("receiver", "subject", name="lanes_subject"),)

    id: UUID = Field(primary_key=True)
    receiver: UUID = Field(foreign_key="receivers.id", ondelete="CASCADE")
    subject: UUID
    last: int = Field(default=0, sa_type=BigInteger)


class Delivery(Table, table=True):
    """``leased_until`` and ``fence`` are on the database's clock; ``due_at`` follows the retry schedule."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("deliveries_due", "receiver", "due_at", postgresql_where=text("state = 'pending'")),
        Index(
            "deliveries_lane",
            "lane",
            "number",
            postgresql_where=text("state IN ('pending', 'parked')"),
        ),
        Index("deliveries_notice", "notice", postgresql_where=text("notice IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    receiver: UUID = Field(foreign_key="receivers.id", ondelete="CASCADE")
    client: str | None = Field(default=None, sa_type=Text)
    lane: UUID = Field(foreign_key="lanes.id", ondelete="CASCADE")
    number: int = Field(sa_type=BigInteger)
    message_id: UUID
    path: str = Field(default="", sa_type=Text)
    body: bytes = Field(sa_type=LargeBinary)
    mac: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Of what goes to a peer hub: the hub signs nothing there that it did not write itself."""
    notice: UUID | None = None
    state: str = Field(default="pending", sa_type=Text)
    attempts: int = 0
    due_at: datetime = Field(sa_type=INSTANT)
    leased_until: datetime | None = Field(default=None, sa_type=INSTANT)
    fence: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=INSTANT)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)


class Attempt(Table, table=True):
    """One try: when, with what outcome.  What the receiver answered is never kept."""

    __tablename__ = "attempts"

    delivery: UUID = Field(primary_key=True, foreign_key="deliveries.id", ondelete="CASCADE")
    fence: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    at: datetime = Field(sa_type=INSTANT)
    outcome: str = Field(sa_type=Text)
    status: int | None = Field(default=None, sa_type=SmallInteger)
    milliseconds: int
