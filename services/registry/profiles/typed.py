"""Reading a rule by its class: the type of each field says what a TOML table may hold there.

`bool`, `int`, `str`, `date`, closed lists (Literal), tuples of them and of nested tables are
understood. `X | Unset` may be "not_configured"; a field with a default may be left out.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from services.registry.profiles.rules import NOT_CONFIGURED, Rule, Unset
from services.registry.profiles.tables import Table

T = TypeVar("T")
R = TypeVar("R", bound=Rule)
_MOST = 10_000


def read_rule(kind: type[R], table: Table, common: Mapping[str, object]) -> R:
    """A rule of this class; ProfileError names the key that does not fit."""
    rule = _read(kind, table, common)
    if fault := rule.fault():
        raise table.fault(*fault)
    return rule


def _read(kind: type[T], table: Table, given: Mapping[str, object]) -> T:
    assert is_dataclass(kind)
    hints = _hints(kind)
    values = dict(given)
    for field in fields(kind):
        if field.name in values:
            continue
        if not table.has(field.name):
            if field.default is MISSING:
                raise table.fault(field.name, "is missing")
            continue
        values[field.name] = _value(hints[field.name], table, field.name)
    made: T = kind(**values)
    return made


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, table: Table, key: str) -> Any:
    if get_origin(hint) in (UnionType, Union):
        kinds = [one for one in get_args(hint) if one is not NoneType]
        if Unset in kinds and table.unset(key):
            return NOT_CONFIGURED
        (hint,) = (one for one in kinds if one is not Unset)
    if get_origin(hint) is Literal:
        return table.choice(key, get_args(hint))
    if get_origin(hint) is tuple:
        return _several(get_args(hint)[0], table, key)
    if is_dataclass(hint) and isinstance(hint, type):
        nested = table.table(key)
        value = _read(hint, nested, {})
        nested.done()
        return value
    return _single(hint, table, key)


def _single(hint: Any, table: Table, key: str) -> bool | int | str | date:
    if hint is bool:
        return table.flag(key)
    if hint is int:
        return table.count(key, 0, _MOST)
    if hint is date:
        return table.day(key)
    assert hint is str, hint
    return table.text(key)


def _several(hint: Any, table: Table, key: str) -> tuple[Any, ...]:
    if get_origin(hint) is Literal:
        return table.choices(key, get_args(hint))
    if hint is str:
        return table.texts(key)
    found = []
    for nested in table.tables(key):
        found.append(_read(hint, nested, {}))
        nested.done()
    return tuple(found)
