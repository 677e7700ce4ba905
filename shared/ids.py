"""Time-ordered identifiers (UUIDv7, RFC 9562), made here because PostgreSQL 17 does not."""

import os
import time
from uuid import UUID

from asyncpg.pgproto import pgproto

_RANDOM_BYTES = 10
_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62
_RAND_B = (1 << 62) - 1


def uuid7() -> UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then 74 random bits; ids of one process sort by time."""
    (made,) = uuid7s(1)
    return UUID(int=made.int)


def uuid7s(count: int) -> list[UUID]:
    """As many UUIDv7 of this millisecond, for a batch: in the driver's own kind of UUID, which is made, written and
    compared ten times as fast as the standard library's."""
    stamp = (time.time_ns() // 1_000_000 & ((1 << 48) - 1)) << 80 | _VERSION_7 | _VARIANT
    noise = os.urandom(_RANDOM_BYTES * count)
    made: list[UUID] = []
    for at in range(0, len(noise), _RANDOM_BYTES):
        value = int.from_bytes(noise[at : at + _RANDOM_BYTES], "big")
        number = stamp | (value >> 62 & 0xFFF) << 64 | value & _RAND_B
        made.append(pgproto.UUID(number.to_bytes(16, "big")))
    return made
