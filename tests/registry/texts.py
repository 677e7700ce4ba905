"""The six shipped texts, asked place by place: what the tables of rules in these tests are made with."""

from datetime import date
from typing import Any

from services.registry.profiles import NOT_CONFIGURED, SHIPPED, Profiles
from services.registry.profiles.rules import Rule

TODAY = date(2026, 3, 1)
PROFILES = Profiles.load(SHIPPED).by_id
PLACES = ("inner_mongolia", "baotou", "tianmen", "heilongjiang", "heze", "chongqing")
ABSENT: None = None
UNSET = NOT_CONFIGURED


def by_place(kind: type[Rule], setting: str, key: str = "") -> dict[str, Any]:
    """What each place has in a setting; ABSENT where its texts have no such rule."""
    found = {place: PROFILES[place].rule(kind, TODAY, key) for place in PLACES}
    return {place: getattr(rule, setting) if rule else ABSENT for place, rule in found.items()}


def keys(kind: type[Rule]) -> dict[str, set[str]]:
    return {place: {rule.key for rule in PROFILES[place].rules(kind, TODAY)} for place in PLACES}


def told(*values: object) -> dict[str, Any]:
    """One value a place, in the order of PLACES; a region's holds for its city too."""
    return dict(zip(PLACES, values, strict=True))
