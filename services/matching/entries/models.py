"""Entries at rest. A data key seals one entry's features; the keys live in schema ``vault``,
dumped and kept apart.
"""

from uuid import UUID

from sqlalchemy import BigInteger, Column, LargeBinary, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.matching.tables import Table


class Entry(Table, table=True):
    """The newest version of what one source says. ``entry`` and ``version`` are bound into
    ``sealed``.
    """

    __tablename__ = "entries"

    entry: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    keys: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class BlockingKey(Table, table=True):
    """A keyed 64-bit hash of one blocking text, and an entry that has it."""

    __tablename__ = "blocking_keys"

    key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    entry: UUID = Field(primary_key=True)


class DataKey(Table, table=True):
    """An entry's wrapped data key; ``id`` is the entry."""

    __tablename__ = "data_keys"
    __table_args__ = ({"schema": "vault"},)

    id: UUID = Field(primary_key=True)
    master: int = Field(sa_column=Column(SmallInteger, nullable=False))
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
