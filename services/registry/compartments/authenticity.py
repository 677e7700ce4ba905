"""Authenticity of compartments: levels and words are sealed apart, each binding the plain columns beside it.

Both stand under the row's own data key, and each names the part that it is, so that neither opens in the other's place.
"""

from typing import Any

import orjson

from shared.sealing import Sealer, binding, binding_of, seal

LEVEL, WORDS = "level", "words"


def seal_parts(
    data_key: bytes, row: dict[str, Any], level: str, words: dict[str, Any]
) -> tuple[bytes, bytes]:
    """A row's level and words, sealed."""
    return (
        seal(data_key, level.encode(), _bound(row, LEVEL)),
        seal(data_key, orjson.dumps(words), _bound(row, WORDS)),
    )


def level_of(sealer: Sealer, row: Any) -> str:
    """The level that an entry or act sets, empty for none; Unsealable when anything bound was changed."""
    return sealer.open(row, _bound(row, LEVEL), "sealed_level").decode()


def words_of(sealer: Sealer, row: Any) -> dict[str, Any]:
    """What was said; Unsealable when anything bound was changed."""
    said: dict[str, Any] = orjson.loads(sealer.open(row, _bound(row, WORDS)))
    return said


_ENTRY = ("compartment", "place", "child_id", "anchor", "opened_at")
_ACT = ("entry_id", "number", "kind", "acted_at")
_SAID_BY = ("client", "department", "actor", "urgent")


def _bound(row: Any, part: str) -> bytes:
    own = _ENTRY if "compartment" in row else _ACT
    return binding((part,)) + binding_of(row, "id", *own, *_SAID_BY)
