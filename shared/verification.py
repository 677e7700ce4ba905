"""Offline proof that nothing was edited, removed, reordered or cut off.

Verifiers read the database with no service running and name the first row that is not as it was written.  A trail that was
cut off together with its checkpoints is whole in itself: only *witnesses*, checkpoints kept elsewhere, tell.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import audit, outbox
from shared.audit import Fault
from shared.checkpoints import AUDIT, GENESIS, OUTBOX, Checkpoint, chained
from shared.database import raw
from shared.keys import KeySet


@dataclass(frozen=True, slots=True)
class Proof:
    """What a trail is held against.  ``at_least`` is a number that it had reached once."""

    keys: KeySet
    hub: str
    signer: Ed25519PublicKey
    witnesses: tuple[Checkpoint, ...] = ()
    at_least: int = 0


class _Marks:
    """The checkpoints along one trail, stored and witnessed, as they are passed one by one."""

    def __init__(self, proof: Proof, trail: str, stored: Iterable[Any]) -> None:
        self._proof = proof
        self._stored = {
            row["seq"]: Checkpoint(trail, row["seq"], row["chain"], row["signature"])
            for row in stored
        }
        self._witnessed = {one.seq: one for one in proof.witnesses if one.trail == trail}

    @classmethod
    async def of(cls, session: AsyncSession, proof: Proof, trail: str) -> "_Marks":
        connection = await raw(session)
        return cls(
            proof,
            trail,
            await connection.fetch(
                f"SELECT seq, chain, signature FROM {trail}_checkpoints ORDER BY seq"
            ),
        )

    def at(self, seq: int) -> Checkpoint | None:
        return self._stored.get(seq)

    def passed(self, seq: int, chain: bytes) -> Iterator[Fault]:
        """What the marks at this number say of the chain there."""
        proof = self._proof
        mark = self._stored.pop(seq, None)
        if mark is not None and not (
            mark.chain == chain and mark.signed_by(proof.signer, proof.hub)
        ):
            yield Fault(seq, f"checkpoint {seq} does not hold")
        witness = self._witnessed.pop(seq, None)
        if witness is not None and witness.chain != chain:
            yield Fault(seq, f"witness {seq} tells otherwise: the trail was written anew")

    def left(self, last: int) -> Iterator[Fault]:
        """What lies beyond the trail's end, at ``last``."""
        for seq in self._stored:
            yield Fault(seq, f"checkpoint {seq} has no entry: the trail was cut off")
        for seq in self._witnessed:
            yield Fault(seq, f"witness {seq} has no entry: the trail was cut off")
        if last < self._proof.at_least:
            what = f"ends at {last}, before {self._proof.at_least}: the trail was cut off"
            yield Fault(self._proof.at_least, what)


async def audit_faults(session: AsyncSession, proof: Proof) -> AsyncIterator[Fault]:
    """Every entry whose content, number or link is wrong, then every checkpoint that does not hold."""
    connection = await raw(session)
    marks = await _Marks.of(session, proof, AUDIT)
    chain, expected = GENESIS, 0
    async for row in audit.entries_in_order(session):
        expected += 1
        if row["seq"] != expected:
            yield Fault(expected, f"entry {expected} is missing")
            expected = row["seq"]
        if not _authentic(proof.keys, row):
            yield Fault(row["seq"], f"entry {row['id']} was changed")
        if chained(chain, row["mac"], row["seq"]) != row["chain"]:
            yield Fault(row["seq"], f"entry {row['id']} does not follow its predecessor")
        chain = row["chain"]
        for fault in marks.passed(row["seq"], chain):
            yield fault
        if expected % 1000 == 0:
            await asyncio.sleep(0)
    for fault in marks.left(expected):
        yield fault
    for row in await connection.fetch(
        "SELECT id, at, client, department, actor, purpose, operation, subjects, detail, mac"
        " FROM audit_entries WHERE seq IS NULL ORDER BY id"
    ):
        if not _authentic(proof.keys, row):
            yield Fault(0, f"entry {row['id']} was changed")


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


_EVENTS = "SELECT id, occurred_at, type, subject, subject_seq, body, mac, seq FROM outbox"


async def outbox_faults(session: AsyncSession, proof: Proof) -> AsyncIterator[Fault]:
    """Every event whose content was changed or whose number is out of line, and every checkpoint that does not hold."""
    connection = await raw(session)
    marks = await _Marks.of(session, proof, OUTBOX)
    chain, expected, named = GENESIS, 0, False
    after = 0
    while rows := await connection.fetch(
        f"{_EVENTS} WHERE seq > $1 ORDER BY seq LIMIT 2000", after
    ):
        for row in rows:
            expected += 1
            if row["seq"] != expected:
                yield Fault(expected, f"event {expected} is missing")
                expected, named = row["seq"], True
            if not _event_is_authentic(proof.keys, row):
                yield Fault(row["seq"], f"event {row['id']} was changed")
                named = True
            chain = chained(chain, row["mac"], row["seq"])
            if named and (mark := marks.at(row["seq"])) is not None:
                # The fault was named as the row it is; what comes after is held against this checkpoint.
                chain, named = mark.chain, False
            for fault in marks.passed(row["seq"], chain):
                yield fault
        after = rows[-1]["seq"]
    for fault in marks.left(expected):
        yield fault
    for row in await connection.fetch(f"{_EVENTS} WHERE seq IS NULL ORDER BY id"):
        if not _event_is_authentic(proof.keys, row):
            yield Fault(0, f"event {row['id']} was changed")


def _event_is_authentic(keys: KeySet, row: Any) -> bool:
    event = outbox.Event(row["type"], row["subject"], row["subject_seq"], row["body"])
    key = keys.keys.get(int.from_bytes(row["mac"][:2], "big"))
    return key is not None and audit.same(
        row["mac"][2:], outbox.authenticate(key, row["id"], row["occurred_at"], event)
    )
