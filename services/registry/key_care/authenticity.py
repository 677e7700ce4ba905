"""Authenticity of decisions: the sealed note of each binds all its columns, under a data key that the master key wraps.

The master key lies outside the database, so whoever can write to the database alone can make no decision that opens; and
what does not open decides nothing.
"""

from typing import Any

from shared.sealing import Sealer, binding_of


def bound(row: Any) -> bytes:
    """The plain columns of a decision, bound to its sealed note: sealed also where the note is empty."""
    return binding_of(
        row,
        "id",
        "anchor",
        "child_id",
        "basis",
        "kind",
        "category",
        "reason",
        "client",
        "department",
        "actor",
        "decided_at",
    )


def note_of(sealer: Sealer, row: Any) -> str:
    """The note of a ``decisions`` row joined with its data key; Unsealable when anything bound was changed."""
    return sealer.open(row, bound(row)).decode()
