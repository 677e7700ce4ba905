"""The sequencer: one per database, a fraction of a second behind commits.

It numbers the outbox and the audit trail from 1 without gaps.  Numbers are given after commit, under one advisory
lock, so a reader that has seen number n has seen everything below it, and no writer waits for a number.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import audit
from shared.database import raw

#: Advisory lock numbers of this database.
SEQUENCER_LOCK = 0x48_75_74_01
BATCH = 5000
CHECKPOINT_EVERY = 1000


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
    seq, chain = (head["seq"], head["chain"]) if head else (0, audit.GENESIS)
    rows = []
    for row in waiting:
        seq += 1
        chain = audit.chained(chain, row["mac"], seq)
        rows.append((row["id"], seq, chain))
    await connection.execute(
        "UPDATE audit_entries SET seq = n.seq, chain = n.chain"
        " FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS n(id, seq, chain)"
        " WHERE audit_entries.id = n.id",
        *map(list, zip(*rows, strict=True)),
    )
    return len(rows)


def statement(hub: str, seq: int, chain: bytes) -> bytes:
    return b"hutong audit checkpoint\n%s\n%d\n%s\n" % (hub.encode(), seq, chain.hex().encode())


async def checkpoint(session: AsyncSession, hub: str, signer: Ed25519PrivateKey) -> bool:
    """Sign the chain's head when it has grown since the last checkpoint."""
    connection = await raw(session)
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", SEQUENCER_LOCK):
        return False
    head = await connection.fetchrow(
        "SELECT seq, chain FROM audit_entries WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1"
    )
    if head is None:
        return False
    signature = signer.sign(statement(hub, head["seq"], head["chain"]))
    done = await connection.execute(
        "INSERT INTO audit_checkpoints (seq, at, chain, signature)"
        " VALUES ($1, clock_timestamp(), $2, $3) ON CONFLICT (seq) DO NOTHING",
        head["seq"],
        head["chain"],
        signature,
    )
    return bool(done.endswith("1"))


def signed_by(key: Ed25519PublicKey, hub: str, seq: int, chain: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, statement(hub, seq, chain))
    except InvalidSignature:
        return False
    return True
