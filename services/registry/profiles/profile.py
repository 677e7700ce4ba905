"""A jurisdiction profile (地方规则): what holds for children living in one place, on a given day.

The cast: a *layer* is what one file says; a *profile* is a stack of layers, the narrowest place
first, then the places whose rules it inherits. For every rule and day the first layer with a
version in force speaks, whole: layers are never mixed inside a rule. Guaranteed: a profile is
immutable, its fingerprint changes whenever anything a decision could depend on does, and a silence
stays visible (open_points.py).
"""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, TypeVar

from services.registry.profiles.cadences import Cadence, SchoolCalendar
from services.registry.profiles.rules import (
    ASSUMED_COUNTING,
    CentralDistricts,
    Contradiction,
    DayCounting,
    Definition,
    Document,
    Hardship,
    LocalDivision,
    Rule,
    Transfer,
    Unset,
)
from shared import divisions

R = TypeVar("R", bound=Rule)
Area = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Layer:
    """What one file says: rules by family and key, each with its versions in order of time."""

    id: str
    amends: str | None
    documents: Mapping[str, Document]
    rules: Mapping[tuple[str, str], tuple[Rule, ...]]
    local_divisions: tuple[LocalDivision, ...]
    contradictions: tuple[Contradiction, ...] = ()
    transfers: tuple[Transfer, ...] = ()


@dataclass(frozen=True, eq=False)
class Profile:
    """The rules of one place; `layers` runs from its own file to the farthest it inherits from."""

    id: str
    name_zh: str
    name_en: str
    covers: tuple[Area, ...]
    layers: tuple[Layer, ...]

    def rule(self, kind: type[R], on: date, key: str = "") -> R | None:
        """The one rule of this class, of this key, in force on a day."""
        if key not in self._keys(kind.family):
            return None
        asked = kind, key, bisect_right(self.turning_days, on)
        if asked not in self._in_force:
            self._in_force[asked] = self._rule(kind, on, key)
        found: R | None = self._in_force[asked]
        return found

    def _rule(self, kind: type[R], on: date, key: str) -> R | None:
        for layer in self.layers:
            for rule in layer.rules.get((kind.family, key), ()):
                if isinstance(rule, kind) and rule.holds(on):
                    return rule
        return None

    def rules(self, kind: type[R], on: date) -> tuple[R, ...]:
        """Every rule of this class in force on a day, in the order in which the texts name them."""
        asked = kind, None, bisect_right(self.turning_days, on)
        if asked not in self._in_force:
            every = (self.rule(kind, on, key) for key in self._keys(kind.family))
            self._in_force[asked] = tuple(rule for rule in every if rule is not None)
        found: tuple[R, ...] = self._in_force[asked]
        return found

    @cached_property
    def _in_force(self) -> dict[tuple[type[Rule], str | None, int], Any]:
        """What was found between two turning days, when nothing changes: a sweep asks it for every child."""
        return {}

    def definition(self, on: date) -> Definition | None:
        """Who is a migrant child here; None on days for which no text in force defines it."""
        return self.rule(Definition, on)

    def day_counting(self, on: date) -> DayCounting:
        return self.rule(DayCounting, on) or ASSUMED_COUNTING

    def central_districts(self, on: date) -> CentralDistricts | None:
        return self.rule(CentralDistricts, on)

    def cadence(self, duty: str, on: date) -> Cadence | None:
        """How often `duty` (survey, key_care_contact, …) is due; None where the texts know no
        such.
        """
        return self.rule(Cadence, on, duty)

    def cadences(self, on: date) -> tuple[Cadence, ...]:
        return self.rules(Cadence, on)

    def school_year(self, day: date) -> SchoolCalendar | None:
        """The school year that `day` lies in; None while no calendar of the place covers it."""
        years = self.rules(SchoolCalendar, day)
        return next((year for year in years if year.first <= day <= year.last), None)

    def hardship_categories(self, on: date) -> tuple[Hardship, ...]:
        """The categories that call for key care, in the order in which the text names them."""
        return self.rules(Hardship, on)

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

    def transferred(self, code: int, on: date) -> int:
        """The code that a township or village has become by that day, where it passed to another county."""
        for one in self.transfers:
            if one.on <= on and inside(code, one.code):
                code = one.becomes + code - one.code
        return code

    @cached_property
    def transfers(self) -> tuple[Transfer, ...]:
        """In order of time, each once, so that what passed on twice is followed twice."""
        found = {one for layer in self.layers for one in layer.transfers}
        return tuple(sorted(found, key=lambda one: (one.on, one.code)))

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

    def _keys(self, family: str) -> tuple[str, ...]:
        return self._keys_by_family.get(family, ())

    @cached_property
    def _keys_by_family(self) -> Mapping[str, tuple[str, ...]]:
        """Keys of each family, those of the widest place first."""
        keys: dict[str, dict[str, None]] = {}
        for layer in self.layers[::-1]:
            for family, key in layer.rules:
                keys.setdefault(family, {})[key] = None
        return {family: tuple(found) for family, found in keys.items()}


def _may_be_district(code: int) -> bool:
    name = divisions.name_of(code)
    return name is None or name.endswith("区")


def inside(code: int, place: int) -> bool:
    """Whether a code lies in the place that another one names."""
    low, high = divisions.area_of(place)
    return low <= code <= high


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
