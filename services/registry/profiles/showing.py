"""A profile as people read it: the rules in force on one day, each with its clause and where it comes from.

``hutong profile show`` and ``GET /v1/profiles/{division}`` print it.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from services.registry.profiles.open_points import open_points
from services.registry.profiles.profile import Profile, prefix_of
from services.registry.profiles.rules import (
    ASSUMED_COUNTING,
    NOT_CONFIGURED,
    City,
    LocalDivision,
    Rule,
    Unset,
)
from shared import divisions

#: What every rule carries beside its own settings.
_COMMON = {field.name for field in fields(Rule)}
_COUNTING = "day_counting"


def in_force(profile: Profile, on: date) -> Iterator[tuple[str, str, str, Rule]]:
    """Layer, family, key and rule of all that holds on that day; an empty layer is the software itself."""
    seen: set[tuple[str, str]] = set()
    for layer in profile.layers:
        for (family, key), versions in layer.rules.items():
            rule = next((one for one in versions if one.holds(on)), None)
            if rule is not None and (family, key) not in seen:
                seen.add((family, key))
                yield layer.id, family, key, rule
    if (_COUNTING, "") not in seen:
        yield "", _COUNTING, "", ASSUMED_COUNTING


def shown(profile: Profile, code: int, on: date) -> dict[str, Any]:
    """The profile as JSON holds it, for a place and a day; absent values are None."""
    return {
        "division": divisions.text_of(code),
        "on": on,
        "id": profile.id,
        "name_zh": profile.name_zh,
        "name_en": profile.name_en,
        "covers": [prefix_of(area) for area in profile.covers],
        "inherits": [
            one.id for one in profile.layers if one.amends is None and one.id != profile.id
        ],
        "amended_by": [one.id for one in profile.layers if one.amends is not None],
        "fingerprint": profile.fingerprint,
        "rules": rules_shown(profile, on),
        "local_divisions": [
            _local(one) for layer in profile.layers for one in layer.local_divisions
        ],
        "open_points": [
            {f.name: getattr(point, f.name) for f in fields(point)}
            for point in open_points(profile)
        ],
    }


def rules_shown(profile: Profile, on: date) -> list[dict[str, Any]]:
    """Every rule in force, as `shown` has them."""
    return [_rule(*one) for one in in_force(profile, on)]


def _rule(layer: str, family: str, key: str, rule: Rule) -> dict[str, Any]:
    return {
        "family": family,
        "key": key or None,
        "profile": layer or None,
        "clause": rule.clause or None,
        "valid_from": rule.valid_from,
        "valid_until": rule.valid_until,
        "wording": rule.wording or None,
        "note": rule.note or None,
        "assumed": rule.assumed or None,
        "settings": {
            f.name: _setting(getattr(rule, f.name))
            for f in fields(rule)
            if f.name not in _COMMON and getattr(rule, f.name) is not None
        },
    }


def _setting(value: Any) -> Any:
    if isinstance(value, Unset):
        return value.value
    if isinstance(value, City):
        return {"area": prefix_of(value.area), "members": _setting(value.members)}
    if isinstance(value, frozenset):
        return [divisions.text_of(v) if isinstance(v, int) else v for v in sorted(value)]
    if is_dataclass(value):
        found = {f.name: _setting(getattr(value, f.name)) for f in fields(value)}
        return {name: one for name, one in found.items() if one is not None}
    return [_setting(one) for one in value] if isinstance(value, tuple) else value


def _local(local: LocalDivision) -> dict[str, Any]:
    ended = local.superseded_by
    return {
        "code": NOT_CONFIGURED.value
        if isinstance(local.code, Unset)
        else divisions.text_of(local.code),
        "name": local.name,
        "basis": local.basis,
        "superseded_by": divisions.text_of(ended) if ended is not None else None,
    }
