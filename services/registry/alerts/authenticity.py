"""Authenticity of acts: the sealed note of each binds all its columns, under a key outside the database."""

from typing import Any

from shared.sealing import Sealer, binding, unseal


def bound(row: Any) -> bytes:
    return binding(
        (
            row["id"].bytes,
            row["alert_id"].bytes,
            row["child_id"].bytes if row["child_id"] else None,
            row["anchor"].bytes,
            row["kind"],
            row["cause"],
            row["raised_on"].toordinal(),
            row["act"],
            row["outcome"],
            row["client"],
            row["department"],
            row["actor"],
            int(row["acted_at"].timestamp() * 1_000_000),
        )
    )


def note_of(sealer: Sealer, row: Any) -> str:
    """The note of an ``alert_acts`` row joined with its data key; Unsealable when anything bound was changed."""
    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    return unseal(data_key, row["sealed"], bound(row)).decode()
