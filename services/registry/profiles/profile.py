"""A jurisdiction profile (地方规则): what holds for children living in one place, on a given day.

The cast: a *layer* is what one file says; a *profile* is a stack of layers, the narrowest place
first, then the places whose rules it inherits. For every rule and day the first layer with a
version in force speaks, whole: layers are never mixed inside a rule. Guaranteed: a profile is
immutable, its fingerprint changes whenever anything a decision could depend on does, and a silence
stays visible in `open_points`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TypeVar

from services.registry.profiles.rules import (
    ASSUMED_COUNTING,
    NOT_CONFIGURED,
    Cadence,
    CentralDistricts,
    DayCounting,
    Definition,
    Document,
    Hardship,
    LocalDivision,
    OpenPoint,
    Rule,
    Unset,
)
from shared import divisions

R = TypeVar("R", bound=Rule)
Area = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Layer:
    """What one file says: rules by family and key, each with its versions in order of time."""

    id: str
    documents: Mapping[str, Document]
    rules: Mapping[tuple[str, str], tuple[Rule, ...]]
    local_divisions: tuple[LocalDivision, ...]


@dataclass(frozen=True, eq=False)
class Profile:
    """The rules of one place; `layers` runs from its own file to the farthest it inherits from."""

    id: str
    name_zh: str
    name_en: str
    covers: tuple[Area, ...]
    layers: tuple[Layer, ...]

    def definition(self, on: date) -> Definition | None:
        """Who is a migrant child here; None on days for which no text in force defines it."""
        return self._one(Definition, "migrant_child", "", on)

    def day_counting(self, on: date) -> DayCounting:
        return self._one(DayCounting, "day_counting", "", on) or ASSUMED_COUNTING

    def central_districts(self, on: date) -> CentralDistricts | None:
        return self._one(CentralDistricts, "central_districts", "", on)

    def cadence(self, duty: str, on: date) -> Cadence | None:
        """How often `duty` (survey, key_care_contact, …) is due; None where the texts know no
        such.
        """
        return self._one(Cadence, "cadence", duty, on)

    def cadences(self, on: date) -> tuple[Cadence, ...]:
        return self._all(Cadence, "cadence", on)

    def hardship_categories(self, on: date) -> tuple[Hardship, ...]:
        """The categories that call for key care, in the order in which the text names them."""
        return self._all(Hardship, "hardship", on)

    def excluded_together(self, a: int, b: int, on: date) -> bool | None:
        """Whether moving between these two divisions is a move inside a city's centre.

        None: both may be central districts of one city, but which districts those are is not
        configured.
        """
        a, b = divisions.county_of(a), divisions.county_of(b)
        if a == b:
            return False
        rule = self.central_districts(on)
        if rule is not None and not rule.exempt:
            return False
        for city in rule.cities if rule is not None else ():
            low, high = city.area
            if low <= a <= high and low <= b <= high:
                if isinstance(city.members, Unset):
                    return self._may_be_central(a, b)
                return a in city.members and b in city.members
        if rule is not None and rule.others == "none":
            return False
        return self._may_be_central(a, b) if a // 10**8 == b // 10**8 else False

    def _may_be_central(self, a: int, b: int) -> bool | None:
        """None if both may be districts (市辖区); False where one surely is not."""
        both = all(self.local_division(x) or _may_be_district(x) for x in (a, b))
        return None if both else False

    def local_division(self, code: int) -> LocalDivision | None:
        return self._local.get(code)

    @cached_property
    def _local(self) -> Mapping[int, LocalDivision]:
        found: dict[int, LocalDivision] = {}
        for layer in self.layers:
            for local in layer.local_divisions:
                if isinstance(local.code, int):
                    found.setdefault(local.code, local)
        return found

    @cached_property
    def turning_days(self) -> tuple[date, ...]:
        """Every day on which some version of a rule begins to hold or no longer holds."""
        days: set[date] = set()
        for rule in self._rules():
            if rule.valid_from is not None:
                days.add(rule.valid_from)
            if rule.valid_until is not None and rule.valid_until < date.max:
                days.add(rule.valid_until + timedelta(days=1))
        return tuple(sorted(days))

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """Every version of the definition in any layer, in force or not."""
        return tuple(rule for rule in self._rules() if isinstance(rule, Definition))

    @cached_property
    def countings(self) -> tuple[DayCounting, ...]:
        """Every way in which days may be counted at some time, the software's own included."""
        stated = (rule for rule in self._rules() if isinstance(rule, DayCounting))
        return (*stated, ASSUMED_COUNTING)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of everything this profile says: the version of its rules."""
        content = _plain((self.id, self.covers, self.layers, ASSUMED_COUNTING))
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def open_points(self) -> tuple[OpenPoint, ...]:
        """What an administrator still has to settle, rule by rule."""
        return tuple(_open_points(self))

    def effective(self) -> Iterator[tuple[str, str, tuple[Rule, ...]]]:
        """Family, key and versions of each rule, from the first layer that has it."""
        seen: set[tuple[str, str]] = set()
        for layer in self.layers:
            for (family, key), versions in layer.rules.items():
                if (family, key) not in seen:
                    seen.add((family, key))
                    yield family, key, versions

    def _rules(self) -> Iterator[Rule]:
        for layer in self.layers:
            for versions in layer.rules.values():
                yield from versions

    def _one(self, kind: type[R], family: str, key: str, on: date) -> R | None:
        for layer in self.layers:
            for rule in layer.rules.get((family, key), ()):
                if isinstance(rule, kind) and rule.holds(on):
                    return rule
        return None

    def _all(self, kind: type[R], family: str, on: date) -> tuple[R, ...]:
        keys = [key for layer in self.layers[::-1] for fam, key in layer.rules if fam == family]
        found = (self._one(kind, family, key, on) for key in dict.fromkeys(keys))
        return tuple(rule for rule in found if rule is not None)


def _may_be_district(code: int) -> bool:
    name = divisions.name_of(code)
    return name is None or name.endswith("区")


def _open_points(profile: Profile) -> Iterator[OpenPoint]:
    unset = NOT_CONFIGURED.value
    texts = {text.name: text for layer in profile.layers for text in layer.documents.values()}
    for text in texts.values():
        for setting, day in (("valid_from", text.valid_from), ("valid_until", text.valid_until)):
            if isinstance(day, Unset):
                yield OpenPoint("not_configured", "documents", setting, unset, text.name)
    families = {family for family, _, _ in profile.effective()}
    for family in ("migrant_child", "central_districts"):
        if family not in families:
            yield OpenPoint("not_configured", family, "", unset, "")
    for family, key, versions in profile.effective():
        for rule in versions:
            name = f"{family}.{key}" if key else family
            if isinstance(rule, Cadence) and isinstance(rule.every_months, Unset):
                yield OpenPoint("not_configured", name, "every_months", unset, rule.clause)
            if isinstance(rule, CentralDistricts):
                for city in rule.cities:
                    if isinstance(city.members, Unset):
                        setting = f"members of {prefix_of(city.area)}"
                        yield OpenPoint("not_configured", name, setting, unset, rule.clause)
                if isinstance(rule.others, Unset):
                    yield OpenPoint("not_configured", name, "others", unset, rule.clause)
    for layer in profile.layers:
        for local in layer.local_divisions:
            if isinstance(local.code, Unset):
                yield OpenPoint("not_configured", "local_divisions", local.name, unset, local.basis)
    stated = [rule for fam, _, vs in profile.effective() if fam == "day_counting" for rule in vs]
    for rule in stated or [ASSUMED_COUNTING]:
        assert isinstance(rule, DayCounting)
        for setting in DayCounting.settings():
            if setting not in rule.stated:
                value = str(getattr(rule, setting))
                yield OpenPoint("assumed", "day_counting", setting, value, rule.clause)


def prefix_of(area: Area) -> str:
    """An area as the shortest division prefix that says it: (3717000…, 3717999…) is 3717."""
    low, high = (f"{end:012d}" for end in area)
    return low[: next((i for i in range(12) if low[i] != high[i]), 12)]


def _plain(value: object) -> object:
    """A value as JSON can hold it, one way only."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        pairs = ((key if isinstance(key, str) else "/".join(key), v) for key, v in value.items())
        return {key: _plain(one) for key, one in pairs}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Unset) else value
