"""Models at rest: nothing here is ever changed or deleted, and the runtime role cannot."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Float,
    Identity,
    LargeBinary,
    SmallInteger,
    Text,
)
from sqlmodel import Field

from services.matching.tables import Table


class RegisteredModel(Table, table=True):
    """A model's file, byte for byte. Its name frequencies are keyed under ``frequency_key``, which is
    wrapped under the master key numbered ``frequency_master``; both are None without frequencies.
    """

    __tablename__ = "models"

    rule_version: str = Field(sa_column=Column(Text, primary_key=True))
    text: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    registered_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    frequency_master: int | None = Field(default=None, sa_column=Column(SmallInteger))
    frequency_key: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class NameFrequency(Table, table=True):
    """The share of entries that bear a name, known by its keyed hash alone."""

    __tablename__ = "name_frequencies"

    rule_version: str = Field(sa_column=Column(Text, primary_key=True))
    key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    share: float = Field(sa_column=Column(Float, nullable=False))


class Activation(Table, table=True):
    """When a model took effect; the newest is the active one."""

    __tablename__ = "activations"

    activation: int = Field(
        sa_column=Column(BigInteger, Identity(always=True), primary_key=True, autoincrement=True)
    )
    rule_version: str = Field(sa_column=Column(Text, nullable=False))
    activated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
