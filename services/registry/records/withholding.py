"""Withholding: a record of a shielded child (地址保密) without what tells where it is; pure.

Its own department reads it too, which is more people than those who sent it.  A place stands not only in addresses: a school, a
clinic, an institution or a member of staff is one, and any free text can name one.  So of what a feed says in its own fields only
closed words, numbers and days are left, and who is who; a feed's new field is withheld until it is one of these.
"""

from collections.abc import Mapping
from typing import Any

from services.registry.records.feeds import Item
from shared import divisions

#: Who somebody is, which tells no place.
_WHO = frozenset({"name", "former_name", "id_number", "phone", "birth_date", "ethnicity"})
#: What every item is known by.
_KNOWN_BY = frozenset({"source_id", "source"})
_PLACES = frozenset({"residence", "hukou"})


def withheld(item: Item) -> dict[str, Any]:
    """What is left of an item, in plain values; of places their counties."""
    told = item.model_dump(exclude_none=True)
    seen: dict[str, Any] = {}
    for name, value in told.items():
        if name in _PLACES:
            seen[name] = _county(value)
        elif name in _KNOWN_BY:
            seen[name] = value
        elif name == "division":
            seen[name] = _widened(value)
        elif (left := _left(value)) is not None:
            seen[name] = left
    return seen


def _county(place: Mapping[str, Any]) -> dict[str, Any]:
    seen = {name: place[name] for name in ("since", "until") if name in place}
    return {**({"division": _widened(place["division"])} if "division" in place else {}), **seen}


def _widened(code: Any) -> str:
    return divisions.text_of(divisions.county_of(divisions.widen(str(code))))


def _left(value: Any) -> Any:
    """None for a free text, and for what holds nothing else."""
    if isinstance(value, Mapping):
        left = {k: v if k in _WHO else _left(v) for k, v in value.items()}
        return {k: v for k, v in left.items() if v is not None} or None
    if isinstance(value, list | tuple):
        return [one for one in map(_left, value) if one is not None]
    return None if type(value) is str else value
