"""The audit trail: who saw or did what, to which child, for which purpose.

An *entry* is written in the transaction of the act and commits before any byte of the answer leaves; where it cannot be
written, the act fails.  Each entry is authenticated with a key outside the database.  The *sequencer* numbers entries
within a second of commit and chains them; *checkpoints*, signed, fix the chain's head, so that an edit, a deletion, a
reordering or a truncation is named by ``hutong audit verify`` with no service running.
"""

import hmac
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import asyncpg
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import checkpoints
from shared.auth import Caller
from shared.database import raw
from shared.hashes import keyed
from shared.ids import uuid7
from shared.keys import KeySet


def tables(metadata: MetaData) -> tuple[Table, Table]:
    entries = Table(
        "audit_entries",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("client", Text, nullable=False),
        Column("department", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("operation", Text, nullable=False),
        Column("subjects", ARRAY(Uuid), nullable=False),
        Column("detail", JSONB, nullable=False),
        Column("mac", LargeBinary, nullable=False),
        Column("seq", BigInteger),
        Column("chain", LargeBinary),
        Index("audit_entries_unsequenced", "id", postgresql_where=text("seq IS NULL")),
        Index("audit_entries_seq", "seq", unique=True),
        Index("audit_entries_subjects", "subjects", postgresql_using="gin"),
    )
    return entries, checkpoints.table(metadata, checkpoints.AUDIT)


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be remembered.  ``detail`` holds names of fields and counts, never personal values."""

    client: str
    department: str
    actor: str
    purpose: str
    operation: str
    subjects: Sequence[UUID]
    detail: dict[str, Any]

    @classmethod
    def of(
        cls, caller: Caller, operation: str, subjects: Iterable[UUID] = (), **detail: Any
    ) -> Self:
        """The caller's own act, on each of these children once."""
        return cls(
            caller.client,
            str(caller.department),
            caller.actor,
            caller.purpose,
            operation,
            list(dict.fromkeys(subjects)),
            detail,
        )

    @classmethod
    def reading(
        cls,
        caller: Caller,
        operation: str,
        subjects: Iterable[UUID],
        known_at: datetime | None,
        **detail: Any,
    ) -> Self:
        """The caller's own reading; of the past it is an operation of its own, with the instant that was asked for."""
        if known_at is None:
            return cls.of(caller, operation, subjects, **detail)
        past = f"{operation}_past"
        return cls.of(caller, past, subjects, **detail, known_at=known_at.isoformat())


def authenticate(key: bytes, entry_id: UUID, at: datetime, act: Act) -> bytes:
    return keyed(
        key,
        entry_id,
        int(at.timestamp() * 1_000_000),
        act.client,
        act.department,
        act.actor,
        act.purpose,
        act.operation,
        ",".join(str(s) for s in act.subjects),
        orjson.dumps(act.detail, option=orjson.OPT_SORT_KEYS),
    )


async def record(session: AsyncSession, keys: KeySet, at: datetime, *acts: Act) -> None:
    """Append audit entries to this transaction."""
    await append(await raw(session), keys, at, *acts)


async def append(
    connection: "asyncpg.Connection[Any]", keys: KeySet, at: datetime, *acts: Act
) -> None:
    """The same over the driver's own connection."""
    rows = []
    for act in acts:
        entry_id = uuid7()
        mac = keys.current.to_bytes(2, "big") + authenticate(keys.key, entry_id, at, act)
        rows.append(
            (
                entry_id,
                at,
                act.client,
                act.department,
                act.actor,
                act.purpose,
                act.operation,
                list(act.subjects),
                orjson.dumps(act.detail).decode(),
                mac,
            )
        )
    await connection.executemany(
        "INSERT INTO audit_entries"
        " (id, at, client, department, actor, purpose, operation, subjects, detail, mac)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        rows,
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """A row or checkpoint that is not as it was written; ``seq`` is 0 where it has no number."""

    seq: int
    what: str


async def entries_in_order(session: AsyncSession, page: int = 2000) -> AsyncIterator[Any]:
    connection = await raw(session)
    after = 0
    while rows := await connection.fetch(
        "SELECT id, at, client, department, actor, purpose, operation, subjects, detail, mac, seq, chain"
        " FROM audit_entries WHERE seq > $1 ORDER BY seq LIMIT $2",
        after,
        page,
    ):
        for row in rows:
            yield row
        after = rows[-1]["seq"]


def same(a: bytes, b: bytes) -> bool:
    return hmac.compare_digest(a, b)
