"""Authenticity of compartments: levels and words are sealed apart, each binding the plain columns beside it.

Both stand under the row's own data key, and each names the part that it is, so that neither opens in the other's place.
"""

from typing import Any

import orjson

from shared.sealing import Bindable, Sealer, Unsealable, binding, seal, unseal

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
    return unseal(_key(sealer, row), row["sealed_level"], _bound(row, LEVEL)).decode()


def words_of(sealer: Sealer, row: Any) -> dict[str, Any]:
    """What was said; Unsealable when anything bound was changed."""
    said: dict[str, Any] = orjson.loads(
        unseal(_key(sealer, row), row["sealed"], _bound(row, WORDS))
    )
    return said


def _key(sealer: Sealer, row: Any) -> bytes:
    if row["wrapped"] is None:
        raise Unsealable("it has no key")
    return sealer.unwrap(row["id"], row["master"], row["wrapped"])


def _bound(row: Any, part: str) -> bytes:
    own = _entry(row) if "compartment" in row else _act(row)
    said_by: tuple[Bindable, ...] = (row["client"], row["department"], row["actor"], row["urgent"])
    return binding((part, row["id"].bytes, *own, *said_by))


def _entry(row: Any) -> tuple[Bindable, ...]:
    return (
        row["compartment"],
        row["place"],
        row["child_id"].bytes,
        row["anchor"].bytes,
        int(row["opened_at"].timestamp() * 1_000_000),
    )


def _act(row: Any) -> tuple[Bindable, ...]:
    return (
        row["entry_id"].bytes,
        row["number"],
        row["kind"],
        int(row["acted_at"].timestamp() * 1_000_000),
    )
