"""Authenticity of cases and acts: what is sealed binds the plain columns beside it, under a key outside the database."""

from typing import Any

import orjson

from shared.sealing import Sealer, binding, unseal


def case_bound(row: Any) -> bytes:
    return binding(
        (
            row["id"].bytes,
            row["kind"],
            row["topic"],
            row["place"],
            row["addressee"],
            row["child_id"].bytes if row["child_id"] else None,
            row["anchor"].bytes if row["anchor"] else None,
            row["client"],
            row["department"],
            row["actor"],
            int(row["opened_at"].timestamp() * 1_000_000),
        )
    )


def act_bound(row: Any) -> bytes:
    return binding(
        (
            row["id"].bytes,
            row["case_id"].bytes,
            row["number"],
            row["kind"],
            row["outcome"],
            row["issuer"],
            row["client"],
            row["department"],
            row["actor"],
            int(row["acted_at"].timestamp() * 1_000_000),
        )
    )


def words_of(sealer: Sealer, row: Any) -> dict[str, Any]:
    """What a case's opener wrote; empty once it was erased.  Unsealable when anything bound was changed."""
    if row["wrapped"] is None:
        return {}
    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    said: dict[str, Any] = orjson.loads(unseal(data_key, row["sealed"], case_bound(row)))
    return said


def note_of(sealer: Sealer, row: Any) -> str:
    """An act's note; empty once it was erased.  Unsealable when anything bound was changed."""
    if row["wrapped"] is None:
        return ""
    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    return unseal(data_key, row["sealed"], act_bound(row)).decode()
