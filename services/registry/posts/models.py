"""Posts of the network of people (工作网络), what their holders learnt, and the history of both.

A post belongs to a place; whoever holds it is an opaque staff id.  Nothing here says who a member of staff is.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
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


class Post(Table, table=True):
    """``seat`` tells several posts of one kind in one place apart; ``staff`` is empty while it is vacant."""

    __tablename__ = "posts"
    __table_args__ = (Index("posts_place", "division", "kind", "seat", unique=True),)

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, nullable=False))
    division: int = Field(sa_column=Column(BigInteger, nullable=False))
    seat: int = Field(sa_column=Column(Integer, nullable=False))
    staff: str | None = Field(default=None, sa_column=Column(Text))
    since: date
    version: int = Field(sa_column=Column(Integer, nullable=False))


class Training(Table, table=True):
    """One training (业务培训) of whoever held a post on that day."""

    __tablename__ = "trainings"
    __table_args__ = (Index("trainings_staff", "staff", "held_on"),)

    id: UUID = Field(primary_key=True)
    post_id: UUID = Field(index=True)
    division: int = Field(sa_column=Column(BigInteger, nullable=False))
    staff: str = Field(sa_column=Column(Text, nullable=False))
    held_on: date
    topic: str = Field(sa_column=Column(Text, nullable=False))
    hours: int = Field(sa_column=Column(Integer, nullable=False))


class PostAct(Table, table=True):
    """What was done to a post, and the post as it stood with that: added to, never changed.

    ``number`` is the version that it made of the post, ``day`` the day from which it holds (of a training: its day), ``at``
    when the hub heard of it.
    """

    __tablename__ = "post_acts"
    __table_args__ = (
        Index("post_acts_post", "post_id", "number", unique=True),
        Index("post_acts_place", "division", "post_id"),
        Index("post_acts_trained", "staff", "day", postgresql_where=text("act = 'trained'")),
    )

    id: UUID = Field(primary_key=True)
    post_id: UUID
    number: int = Field(sa_column=Column(Integer, nullable=False))
    act: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    division: int = Field(sa_column=Column(BigInteger, nullable=False))
    seat: int = Field(sa_column=Column(Integer, nullable=False))
    staff: str | None = Field(default=None, sa_column=Column(Text))
    since: date
    day: date
    topic: str = Field(sa_column=Column(Text, nullable=False))
    hours: int = Field(sa_column=Column(Integer, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    client: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
