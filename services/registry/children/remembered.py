"""Remembered: a child's row as it would have stood, made from a past fold: never stored, so that nothing of it is sealed."""

from typing import Any

import orjson

#: Of the columns that a ``children`` row shows to readers.
_COLUMNS = (
    "id",
    "birth_on",
    "sex",
    "residence_code",
    "hukou_code",
    "residence_stated_by",
    "hukou_stated_by",
    "status",
    "decision",
    "next_change_on",
    "entries",
    "payload",
)


class Remembered(dict[str, Any]):
    """Its ``payload`` is the state in plain (``building.open_state`` reads either)."""

    @classmethod
    def of(cls, folded: Any, shielded: bool) -> "Remembered":
        row = cls({name: getattr(folded, name) for name in _COLUMNS}, shielded=shielded)
        row["decision"] = stored(row["decision"])
        return row

    def with_(self, **more: Any) -> "Remembered":
        """The row with what another noun joins to it."""
        return type(self)({**self, **more})


def stored(value: Any) -> Any:
    """A value as a ``jsonb`` column gives it back, its keys in that order: an answer of then has the bytes of then."""
    return _ordered(orjson.loads(orjson.dumps(value)))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
        return {name: _ordered(value[name]) for name in names}
    return [_ordered(one) for one in value] if isinstance(value, list) else value
