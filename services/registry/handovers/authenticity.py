"""Authenticity of acts: the sealed note of each binds its columns, under a data key that the master key wraps.

Whoever can write to the database alone can make no act that opens; and what does not open hands nothing over.
"""

from typing import Any

from shared.sealing import Sealer, binding, unseal


def bound(row: Any) -> bytes:
    """The plain columns of an act, bound to its sealed note: sealed also where the note is empty."""
    return binding(
        (
            row["id"].bytes,
            row["handover_id"].bytes,
            row["number"],
            row["child_id"].bytes,
            row["anchor"].bytes,
            row["kind"],
            row["side"],
            row["giving"],
            row["taking"],
            row["effective_on"].toordinal() if row["effective_on"] else None,
            row["reason"],
            row["client"],
            row["department"],
            row["actor"],
            int(row["acted_at"].timestamp() * 1_000_000),
        )
    )


def note_of(sealer: Sealer, row: Any) -> str:
    """The note of a ``handover_acts`` row joined with its data key; Unsealable when anything bound was changed."""
    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    return unseal(data_key, row["sealed"], bound(row)).decode()
