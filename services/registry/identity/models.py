"""Clients and their grants: who may call this hub and for what.  ``authenticity.py`` says what keeps them true."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, DateTime, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.tables import Table


class Client(Table, table=True):
    """An OAuth client and its one grant.  ``keys`` are public JWKs; two during a rotation.

    ``contractor`` marks a contracted social-work agency; outside ``valid_from``–``valid_until`` a client is none at all.
    ``generation`` counts the row's changes; ``mac`` is empty on rows from before rows were authenticated.
    """

    __tablename__ = "clients"

    id: str = Field(primary_key=True, sa_type=Text)
    department: str = Field(sa_column=Column(Text, nullable=False))
    low: int = Field(sa_column=Column(BigInteger, nullable=False))
    high: int = Field(sa_column=Column(BigInteger, nullable=False))
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    purposes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    sources: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    keys: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    not_before: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    generation: int = Field(
        default=0, sa_column=Column(BigInteger, nullable=False, server_default="0")
    )
    contractor: bool = Field(
        default=False,
        sa_column=Column(Boolean, nullable=False, server_default=text("false")),
    )
    valid_from: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    valid_until: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    mac: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class UsedAssertion(Table, table=True):
    """A client assertion's ``jti``: good once."""

    __tablename__ = "used_assertions"

    client: str = Field(primary_key=True, sa_type=Text)
    jti: str = Field(primary_key=True, sa_type=Text)
    until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
