"""Remembered: a child's row as it would have stood, made from a past fold: never stored, so that nothing of it is sealed."""

from typing import Any

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
        return cls({name: getattr(folded, name) for name in _COLUMNS}, shielded=shielded)

    def with_(self, **more: Any) -> "Remembered":
        """The row with what another noun joins to it."""
        return type(self)({**self, **more})
