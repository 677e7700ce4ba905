"""Authenticity of acts: the sealed note of each binds all its columns, under a key outside the database."""

from typing import Any

from shared.sealing import Sealer, binding_of


def bound(row: Any) -> bytes:
    return binding_of(
        row,
        "id",
        "alert_id",
        "child_id",
        "anchor",
        "kind",
        "cause",
        "raised_on",
        "act",
        "outcome",
        "client",
        "department",
        "actor",
        "acted_at",
    )


def note_of(sealer: Sealer, row: Any) -> str:
    """The note of an ``alert_acts`` row joined with its data key; Unsealable when anything bound was changed."""
    return sealer.open(row, bound(row)).decode()
