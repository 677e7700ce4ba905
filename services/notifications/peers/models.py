"""Peer hubs: another city's hub, its territory, its addresses and its public key; and the inbox of what it sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, Text, text
from sqlmodel import Field

from services.notifications.tables import INSTANT, Table


class Peer(Table, table=True):
    """``receiver`` is the row under which deliveries to this hub are kept; where they go is said here.

    ``generation`` counts the row's changes; ``mac`` is empty on rows from before rows were authenticated.
    """

    __tablename__ = "peers"

    name: str = Field(primary_key=True, sa_type=Text)
    low: int = Field(sa_type=BigInteger)
    high: int = Field(sa_type=BigInteger)
    notifications_url: str = Field(sa_type=Text)
    registry_url: str = Field(sa_type=Text)
    issuer: str = Field(sa_type=Text)
    public_key: str = Field(sa_type=Text)
    receiver: UUID = Field(foreign_key="receivers.id")
    generation: int = Field(
        default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")}
    )
    mac: bytes | None = Field(default=None, sa_type=LargeBinary)


class PeerMessage(Table, table=True):
    """One message taken from a peer, kept with its effect."""

    __tablename__ = "peer_inbox"

    sender: str = Field(primary_key=True, sa_type=Text)
    id: str = Field(primary_key=True, sa_type=Text)
    received_at: datetime = Field(sa_type=INSTANT)
