"""Offline proof that nothing was edited, removed, reordered or cut off.

Verifiers read the database with no service running and name the first row that is not as it was written.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import audit, outbox, sequencing
from shared.database import raw
from shared.keys import KeySet


async def audit_faults(
    session: AsyncSession, keys: KeySet, hub: str, signer: Ed25519PublicKey
) -> AsyncIterator[audit.Fault]:
    """Every entry whose content, number or link is wrong, then every checkpoint that does not hold."""
    connection = await raw(session)
    checkpoints = {
        row["seq"]: row
        for row in await connection.fetch(
            "SELECT seq, chain, signature FROM audit_checkpoints ORDER BY seq"
        )
    }
    chain, expected = audit.GENESIS, 0
    async for row in audit.entries_in_order(session):
        expected += 1
        if row["seq"] != expected:
            yield audit.Fault(expected, f"entry {expected} is missing")
            expected = row["seq"]
        if not _authentic(keys, row):
            yield audit.Fault(row["seq"], f"entry {row['id']} was changed")
        if audit.chained(chain, row["mac"], row["seq"]) != row["chain"]:
            yield audit.Fault(row["seq"], f"entry {row['id']} does not follow its predecessor")
        chain = row["chain"]
        if (mark := checkpoints.pop(row["seq"], None)) is not None and not (
            mark["chain"] == chain
            and sequencing.signed_by(signer, hub, mark["seq"], mark["chain"], mark["signature"])
        ):
            yield audit.Fault(row["seq"], f"checkpoint {row['seq']} does not hold")
        if expected % 1000 == 0:
            await asyncio.sleep(0)
    for seq in checkpoints:
        yield audit.Fault(seq, f"checkpoint {seq} has no entry: the trail was cut off")
    for row in await connection.fetch(
        "SELECT id, at, client, department, actor, purpose, operation, subjects, detail, mac"
        " FROM audit_entries WHERE seq IS NULL ORDER BY id"
    ):
        if not _authentic(keys, row):
            yield audit.Fault(0, f"entry {row['id']} was changed")


def _authentic(keys: KeySet, row: Any) -> bool:
    act = audit.Act(
        row["client"],
        row["department"],
        row["actor"],
        row["purpose"],
        row["operation"],
        row["subjects"],
        row["detail"],
    )
    key = keys.keys.get(int.from_bytes(row["mac"][:2], "big"))
    return key is not None and audit.same(
        row["mac"][2:], audit.authenticate(key, row["id"], row["at"], act)
    )


async def outbox_faults(session: AsyncSession, keys: KeySet) -> AsyncIterator[audit.Fault]:
    """Every event whose content was changed or whose number is out of line."""
    connection = await raw(session)
    after, expected = 0, 0
    while rows := await connection.fetch(
        "SELECT id, occurred_at, type, subject, subject_seq, body, mac, seq FROM outbox"
        " WHERE seq > $1 ORDER BY seq LIMIT 2000",
        after,
    ):
        for row in rows:
            expected += 1
            if row["seq"] != expected:
                yield audit.Fault(expected, f"event {expected} is missing")
                expected = row["seq"]
            event = outbox.Event(row["type"], row["subject"], row["subject_seq"], row["body"])
            key = keys.keys.get(int.from_bytes(row["mac"][:2], "big"))
            if key is None or not audit.same(
                row["mac"][2:], outbox.authenticate(key, row["id"], row["occurred_at"], event)
            ):
                yield audit.Fault(row["seq"], f"event {row['id']} was changed")
        after = rows[-1]["seq"]
