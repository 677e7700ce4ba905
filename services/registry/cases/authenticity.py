"""Authenticity of cases and acts: what is sealed binds the plain columns beside it, under a key outside the database."""

from collections.abc import Callable
from typing import Any

import orjson
import structlog

from shared.sealing import Sealer, Unsealable, binding, unseal

log = structlog.get_logger()


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
            # Cases from before they named records bind none.
            *(() if row["record"] is None else (row["record"].bytes,)),
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
    opened = _open(sealer, row, case_bound)
    said: dict[str, Any] = orjson.loads(opened) if opened else {}
    return said


def note_of(sealer: Sealer, row: Any) -> str:
    """An act's note; empty once it was erased.  Unsealable when anything bound was changed."""
    return _open(sealer, row, act_bound).decode()


def _open(sealer: Sealer, row: Any, bound: Callable[[Any], bytes]) -> bytes:
    """What is sealed; nothing where the key went with an erasure, and nowhere else: no key says no less than a wrong one."""
    try:
        if row["wrapped"] is not None:
            data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
            return unseal(data_key, row["sealed"], bound(row))
        if row["erased"]:
            return b""
        raise Unsealable("it has no key")
    except Unsealable:
        log.error("case.forged", id=str(row["id"]))
        raise
