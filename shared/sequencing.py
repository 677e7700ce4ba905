"""The sequencer: one per database, a fraction of a second behind commits.

It numbers the outbox and the audit trail from 1 without gaps, and signs how far they have come.  Numbers are given after
commit, under one advisory lock, so a reader that has seen number n has seen everything below it, and no writer waits
for a number.
"""

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.checkpoints import AUDIT, EVENT, GENESIS, OUTBOX, Checkpoint, chained
from shared.database import raw

log = structlog.get_logger()

#: Advisory lock numbers of this database.
SEQUENCER_LOCK = 0x48_75_74_01
BATCH = 5000
#: Events that one checkpoint of the outbox takes in at most; the next goes on from there.
CHECKPOINT_EVENTS = 20_000


async def number(session: AsyncSession, table: str) -> int:
    """Give the next numbers to committed, unnumbered rows of ``outbox`` or ``audit_entries``; how many."""
    connection = await raw(session)
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", SEQUENCER_LOCK):
        return 0
    if table == "audit_entries":
        return await _number_audit(session)
    done = await connection.execute(
        "WITH last AS (SELECT coalesce(max(seq), 0) AS seq FROM outbox),"
        " next AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM"
        "  (SELECT id FROM outbox WHERE seq IS NULL ORDER BY id LIMIT $1) AS waiting)"
        " UPDATE outbox SET seq = last.seq + next.n FROM next, last WHERE outbox.id = next.id",
        BATCH,
    )
    return int(done.split()[-1])


async def _number_audit(session: AsyncSession) -> int:
    connection = await raw(session)
    waiting = await connection.fetch(
        "SELECT id, mac FROM audit_entries WHERE seq IS NULL ORDER BY id LIMIT $1", BATCH
    )
    if not waiting:
        return 0
    head = await connection.fetchrow(
        "SELECT seq, chain FROM audit_entries WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1"
    )
    seq, chain = (head["seq"], head["chain"]) if head else (0, GENESIS)
    rows = []
    for row in waiting:
        seq += 1
        chain = chained(chain, row["mac"], seq)
        rows.append((row["id"], seq, chain))
    await connection.execute(
        "UPDATE audit_entries SET seq = n.seq, chain = n.chain"
        " FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS n(id, seq, chain)"
        " WHERE audit_entries.id = n.id",
        *map(list, zip(*rows, strict=True)),
    )
    return len(rows)


async def checkpoint(
    session: AsyncSession, hub: str, signer: Ed25519PrivateKey, trail: str = AUDIT
) -> bool:
    """Sign a trail's head, and tell the log, when it has grown since the last checkpoint."""
    connection = await raw(session)
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", SEQUENCER_LOCK):
        return False
    last = await connection.fetchrow(
        f"SELECT seq, chain FROM {trail}_checkpoints ORDER BY seq DESC LIMIT 1"
    )
    seq, chain = (last["seq"], last["chain"]) if last else (0, GENESIS)
    head = await (_outbox_head if trail == OUTBOX else _audit_head)(session, seq, chain)
    if head is None:
        return False
    signed = Checkpoint.sign(signer, hub, trail, *head)
    await connection.execute(
        f"INSERT INTO {trail}_checkpoints (seq, at, chain, signature)"
        " VALUES ($1, clock_timestamp(), $2, $3)",
        signed.seq,
        signed.chain,
        signed.signature,
    )
    # Its row was numbered and committed before, so this is true even if the insert is lost.
    log.info(EVENT, hub=hub, **signed.as_json())
    return True


async def _audit_head(session: AsyncSession, seq: int, chain: bytes) -> tuple[int, bytes] | None:
    """Number and chain of the last entry, if it comes after ``seq``."""
    connection = await raw(session)
    row = await connection.fetchrow(
        "SELECT seq, chain FROM audit_entries WHERE seq > $1 ORDER BY seq DESC LIMIT 1", seq
    )
    return (row["seq"], row["chain"]) if row else None


async def _outbox_head(session: AsyncSession, seq: int, chain: bytes) -> tuple[int, bytes] | None:
    """The same for events, whose chain stands in checkpoints alone."""
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT seq, mac FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2", seq, CHECKPOINT_EVENTS
    )
    for row in rows:
        seq, chain = row["seq"], chained(chain, row["mac"], row["seq"])
    return (seq, chain) if rows else None
