"""Signing keys of subscriptions.  Private keys are sealed; their data keys lie in schema ``vault``, dumped apart."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, SmallInteger, Text
from sqlmodel import Field

from services.notifications.tables import INSTANT, Table


class SigningKey(Table, table=True):
    """``retires_at`` is empty for the current key; until then an older key signs along."""

    __tablename__ = "signing_keys"

    id: UUID = Field(primary_key=True)
    receiver: UUID = Field(foreign_key="receivers.id", ondelete="CASCADE", index=True)
    client: str = Field(sa_type=Text)
    public: str = Field(sa_type=Text)
    sealed: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=INSTANT)
    retires_at: datetime | None = Field(default=None, sa_type=INSTANT)


class DataKey(Table, table=True):
    """The wrapped data key of one signing key; ``id`` is the signing key's."""

    __tablename__ = "data_keys"
    __table_args__ = {"schema": "vault"}

    id: UUID = Field(primary_key=True)
    master: int = Field(sa_type=SmallInteger)
    wrapped: bytes = Field(sa_type=LargeBinary)
