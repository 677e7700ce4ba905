"""Checkpoints: what fixes the head of a trail, so that its tail cannot vanish unseen.

Cast: a *trail* is a table numbered by the sequencer (``audit``, ``outbox``); its *chain* at a number is a hash over the MAC
of every row up to there; a *checkpoint* is number and chain, signed with a key outside the database, and stands in a
table beside the trail **and** in the log.  Whoever cuts off a trail together with its checkpoints is betrayed by
any log line, or line of ``hutong audit checkpoints``, that was kept elsewhere: a *witness*.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, MetaData, Table

AUDIT, OUTBOX = "audit", "outbox"
GENESIS = bytes(32)
#: The log's event that tells a checkpoint.
EVENT = "checkpoint.signed"


def table(metadata: MetaData, trail: str) -> Table:
    return Table(
        f"{trail}_checkpoints",
        metadata,
        Column("seq", BigInteger, primary_key=True),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("chain", LargeBinary, nullable=False),
        Column("signature", LargeBinary, nullable=False),
    )


def chained(previous: bytes, mac: bytes, seq: int) -> bytes:
    return hashlib.sha256(previous + seq.to_bytes(8, "big") + mac).digest()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    trail: str
    seq: int
    chain: bytes
    signature: bytes

    @classmethod
    def sign(cls, key: Ed25519PrivateKey, hub: str, trail: str, seq: int, chain: bytes) -> Self:
        return cls(trail, seq, chain, key.sign(_statement(hub, trail, seq, chain)))

    def signed_by(self, key: Ed25519PublicKey, hub: str) -> bool:
        try:
            key.verify(self.signature, _statement(hub, self.trail, self.seq, self.chain))
        except InvalidSignature:
            return False
        return True

    def as_json(self) -> dict[str, Any]:
        """As a log line and a file of witnesses hold it."""
        return {
            "trail": self.trail,
            "seq": self.seq,
            "chain": self.chain.hex(),
            "signature": self.signature.hex(),
        }


def _statement(hub: str, trail: str, seq: int, chain: bytes) -> bytes:
    return f"hutong {trail} checkpoint\n{hub}\n{seq}\n{chain.hex()}\n".encode()


def witnesses(lines: Iterable[str]) -> Iterator[Checkpoint]:
    """The checkpoints that a log or a file tells of; whatever else it holds is passed over."""
    for line in lines:
        try:
            told = json.loads(line)
            if told["event"] == EVENT:
                chain, signature = bytes.fromhex(told["chain"]), bytes.fromhex(told["signature"])
                yield Checkpoint(str(told["trail"]), int(told["seq"]), chain, signature)
        except (ValueError, KeyError, TypeError):
            continue
