"""The outbox: a change and its announcement commit together or not at all.

An *event* is appended in the transaction of the change.  The sequencer numbers committed events without gaps; the
relay posts them in that order; the receiver keeps each event's id with its effect.  A body is thin: an opaque
subject, the subject's own number, county-level codes, never a personal value.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import raw
from shared.hashes import keyed
from shared.ids import uuid7s
from shared.keys import KeySet


def tables(metadata: MetaData) -> tuple[Table, Table]:
    events = Table(
        "outbox",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("type", Text, nullable=False),
        Column("subject", Uuid, nullable=False),
        Column("subject_seq", BigInteger, nullable=False),
        Column("body", JSONB, nullable=False),
        Column("mac", LargeBinary, nullable=False),
        Column("seq", BigInteger),
        Index("outbox_unsequenced", "id", postgresql_where=text("seq IS NULL")),
        Index("outbox_seq", "seq", unique=True),
    )
    positions = Table(
        "relay_positions",
        metadata,
        Column("target", Text, primary_key=True),
        Column("seq", BigInteger, nullable=False),
    )
    return events, positions


class Event(NamedTuple):
    type: str
    subject: UUID
    subject_seq: int
    body: dict[str, Any]


def authenticate(key: bytes, event_id: UUID, at: datetime, event: Event) -> bytes:
    return keyed(
        key,
        event_id,
        int(at.timestamp() * 1_000_000),
        event.type,
        event.subject,
        event.subject_seq,
        orjson.dumps(event.body, option=orjson.OPT_SORT_KEYS),
    )


async def append(session: AsyncSession, keys: KeySet, at: datetime, events: list[Event]) -> None:
    """Append events to this transaction; they are told in this order."""
    if not events:
        return
    rows = []
    for event_id, event in zip(sorted(uuid7s(len(events))), events, strict=True):
        mac = keys.current.to_bytes(2, "big") + authenticate(keys.key, event_id, at, event)
        body = orjson.dumps(event.body).decode()
        rows.append((event_id, at, event.type, event.subject, event.subject_seq, body, mac))
    connection = await raw(session)
    await connection.copy_records_to_table(
        "outbox",
        records=rows,
        columns=["id", "occurred_at", "type", "subject", "subject_seq", "body", "mac"],
    )
