"""Persons at rest."""

from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, SmallInteger, text
from sqlmodel import Field

from services.matching.tables import Table


class Person(Table, table=True):
    """A child as matching knows it: all that its entries say, read once and sealed as one document.

    It repeats what the entries hold, so that an entry is weighed against a whole person at the cost
    of one row. ``sealed`` is None once its entries went to ``joined_to``, or it has none left;
    ``keying`` is the number of the keying (keyings/models.py) that its blocking keys are of.
    """

    __tablename__ = "persons"
    __table_args__ = (
        Index("persons_joined", "joined_to", postgresql_where=text("joined_to IS NOT NULL")),
    )

    person: UUID = Field(primary_key=True)
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    doubtful: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    keying: int = Field(default=1, sa_column=Column(SmallInteger, nullable=False))
    joined_to: UUID | None = None


class BlockingKey(Table, table=True):
    """A keyed 64-bit hash of one blocking text, and a person found under it."""

    __tablename__ = "blocking_keys"

    key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    person: UUID = Field(primary_key=True)
