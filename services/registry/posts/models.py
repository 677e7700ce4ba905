"""Posts of the network of people (工作网络) and what their holders learnt.

A post belongs to a place; whoever holds it is an opaque staff id.  Nothing here says who a member of staff is.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, Text
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
