"""Keys under which clients sent requests, each with what the first request made."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field

from services.notifications.tables import INSTANT, Table


class IdempotencyKey(Table, table=True):
    """Scoped by client and operation; ``made`` is what the first request created."""

    __tablename__ = "idempotency_keys"

    client: str = Field(primary_key=True, sa_type=Text)
    operation: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(primary_key=True, sa_type=Text)
    fingerprint: bytes = Field(sa_type=LargeBinary)
    made: UUID
    at: datetime = Field(sa_type=INSTANT)
