"""Authenticity of cases and acts: what is sealed binds the plain columns beside it, under a key outside the database."""

from collections.abc import Callable
from typing import Any

import orjson
import structlog

from shared.sealing import Sealer, Unsealable, binding_of

log = structlog.get_logger()


def case_bound(row: Any) -> bytes:
    return binding_of(
        row,
        "id",
        "kind",
        "topic",
        "place",
        "addressee",
        "child_id",
        "anchor",
        "client",
        "department",
        "actor",
        "opened_at",
        # Cases from before they named records bind none.
        *(() if row["record"] is None else ("record",)),
    )


def act_bound(row: Any) -> bytes:
    return binding_of(
        row,
        "id",
        "case_id",
        "number",
        "kind",
        "outcome",
        "issuer",
        "client",
        "department",
        "actor",
        "acted_at",
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
    if row["wrapped"] is None and row["erased"]:
        return b""
    try:
        return sealer.open(row, bound(row))
    except Unsealable:
        log.error("case.forged", id=str(row["id"]))
        raise
