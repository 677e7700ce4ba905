"""Time-ordered identifiers (UUIDv7, RFC 9562), made here because PostgreSQL 17 does not."""

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then 74 random bits; ids of one process sort by time."""
    value = int.from_bytes(os.urandom(10), "big")
    stamp = time.time_ns() // 1_000_000
    rand_a = (value >> 62) & 0xFFF
    rand_b = value & ((1 << 62) - 1)
    return UUID(
        int=(stamp & ((1 << 48) - 1)) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    )
