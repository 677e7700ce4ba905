"""Authenticity of decisions: the sealed note of each binds all its columns, under a data key that the master key wraps.

The master key lies outside the database, so whoever can write to the database alone can make no decision that opens; and
what does not open decides nothing.
"""

from typing import Any

from shared.sealing import Sealer, binding, unseal


def bound(row: Any) -> bytes:
    """The plain columns of a decision, bound to its sealed note: sealed also where the note is empty."""
    return binding(
        (
            row["id"].bytes,
            row["anchor"].bytes,
            row["child_id"].bytes,
            ",".join(str(entry) for entry in row["basis"]),
            row["kind"],
            row["category"],
            row["reason"],
            row["client"],
            row["department"],
            row["actor"],
            int(row["decided_at"].timestamp() * 1_000_000),
        )
    )


def note_of(sealer: Sealer, row: Any) -> str:
    """The note of a ``decisions`` row joined with its data key; Unsealable when anything bound was changed."""
    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    return unseal(data_key, row["sealed"], bound(row)).decode()
