"""Loading profiles from folders of TOML files, and finding the one that holds for a division.

A file is a *place* with an area of its own, or an *amendment* (补充规定): what an administrator sets for
a place on top of its text. An amendment speaks before the place that it amends, wherever that place
is inherited; of two amendments the one read later speaks first.

Guaranteed once loaded: every file was read whole, no key was ignored, what is inherited exists, no
two profiles claim the same area, and every code of a rule is one that the division table or the
profile's own local codes know.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Self

from services.registry.profiles.profile import Area, Profile, inside
from services.registry.profiles.rules import LocalDivision, Transfer
from services.registry.profiles.sheets import (
    Sheet,
    read,
    refuse_shared_areas,
    refuse_stray_amendment,
    refuse_unknown_codes,
    stack,
)
from services.registry.profiles.tables import ProfileError
from shared import divisions

SHIPPED = Path(__file__).parent
"""The folder of the profiles that come with the software."""
#: So many answers about a place on a day are kept at most: a sweep asks for the same few, children by the thousand.
REMEMBERED = 2**14
_NEVER_ASKED = date.min


@dataclass(frozen=True)
class Profiles:
    """All profiles of a hub."""

    by_id: dict[str, Profile]
    files: tuple[tuple[str, bytes], ...] = ()
    """Name and content of each file that they were read from, in order."""

    @classmethod
    def load(cls, *directories: Path) -> Self:
        """Read every *.toml of these folders; ProfileError names file and key of the fault."""
        files = []
        for directory in directories:
            if not directory.is_dir():
                raise ProfileError(str(directory), "(folder)", "is not there")
            files += [(path.name, path.read_bytes()) for path in sorted(directory.glob("*.toml"))]
        return cls.read(files)

    @classmethod
    def read(cls, files: Iterable[tuple[str, bytes]]) -> Self:
        """Profiles from the names and contents of files, in order; ProfileError as ``load``."""
        kept = tuple(files)
        sheets: dict[str, Sheet] = {}
        for file, content in kept:
            sheet = read(file, content)
            if sheet.id in sheets:
                raise ProfileError(sheet.file, "id", f"also used by {sheets[sheet.id].file}")
            sheets[sheet.id] = sheet
        refuse_shared_areas(sheets)
        profiles = {}
        for sheet in sheets.values():
            if sheet.amends is not None:
                refuse_stray_amendment(sheet, sheets)
                continue
            speaking = tuple(stack(sheet, sheets))
            profiles[sheet.id] = Profile(
                id=sheet.id,
                name_zh=sheet.name_zh,
                name_en=sheet.name_en,
                covers=sheet.covers,
                layers=tuple(one.layer for one in speaking),
            )
        for sheet in sheets.values():
            refuse_unknown_codes(sheet, profiles[sheet.amends or sheet.id])
        return cls(profiles, kept)

    @classmethod
    def of_hub(cls, own: Path | None) -> Self:
        """Those that are shipped, and the hub's own if it has a folder of them."""
        return cls.load(SHIPPED, own) if own is not None else cls.load(SHIPPED)

    def for_division(self, code: int, on: date) -> Profile | None:
        """The profile of the narrowest area around the code that `code` has become `on` that day.

        A profile is found also for days before its rules began: it then says itself that none
        held.
        """
        code = self.code_on(code, on)
        for low, high, profile in self._narrowest_first:
            if low <= code <= high:
                return profile
        return None

    @cached_property
    def turning_days(self) -> tuple[date, ...]:
        """Every day on which some rule of any place begins to hold or no longer holds."""
        return tuple(sorted({day for one in self.by_id.values() for day in one.turning_days}))

    @cached_property
    def _narrowest_first(self) -> tuple[tuple[int, int, Profile], ...]:
        every = [(low, high, one) for one in self.by_id.values() for low, high in one.covers]
        return tuple(sorted(every, key=lambda area: area[1] - area[0]))

    def code_on(self, code: int, on: date) -> int:
        """The code that a place bears on a day, by the places' own transfers and codes, then by the national table."""
        if (found := self._codes.get((code, on))) is None:
            if len(self._codes) >= REMEMBERED:
                self._codes.clear()
            found = self._codes[code, on] = self._code_on(code, on)
        return found

    @cached_property
    def _codes(self) -> dict[tuple[int, date], int]:
        return {}

    def _code_on(self, code: int, on: date) -> int:
        for one in self._transfers:
            if one.on <= on and inside(code, one.code):
                code = one.becomes + code - one.code
        return divisions.code_on(code, on, self.superseded)

    def known(self, code: int, on: date) -> bool:
        """Whether there is such a county on a day, by the national table or by a local code that nothing took over from."""
        if divisions.known(code, on):
            return True
        county = divisions.county_of(code)
        local = any(county == one.code for one in self.local_divisions())
        return local and self.code_on(county, on) == county

    def turns_after(self, code: int, day: date) -> date | None:
        """The first later day on which a place bears another code than on this one."""
        # Others ask in threads of their own, so that what is at hand now may be gone at the next step.
        if (found := self._turns.get((code, day), _NEVER_ASKED)) == _NEVER_ASKED:
            if len(self._turns) >= REMEMBERED:
                self._turns.clear()
            found = self._turns[code, day] = self._turn_after(code, day)
        return found

    @cached_property
    def _turns(self) -> dict[tuple[int, date], date | None]:
        return {}

    def _turn_after(self, code: int, day: date) -> date | None:
        now = self.code_on(code, day)
        days = [divisions.ends_after(now, day)]
        days += [one.on for one in self._transfers if one.on > day and inside(now, one.code)]
        if (national := self.superseded.get(divisions.county_of(now))) is not None:
            days += [spell.since for spell in divisions.spells_of(national)]
        return min((one for one in days if one is not None and one > day), default=None)

    def in_line(self, one: int, other: int) -> bool:
        """Whether two codes are of one county, or the county of one took over from that of the other."""
        if divisions.in_line(one, other):
            return True
        if not self._transfers and not self.superseded:
            return False
        a, b = divisions.county_of(one), divisions.county_of(other)
        last = divisions.county_of(self.code_on(one, date.max))
        return last in (a, b) and last == divisions.county_of(self.code_on(other, date.max))

    def ended(self, on: date) -> dict[Area, tuple[int, ...]]:
        """The areas that bear other codes by that day, each with its heirs: one, several where it was split."""
        found: dict[Area, tuple[int, ...]] = {
            _county_area(code): heirs
            for code, heirs in divisions.ended_by(on, self.superseded).items()
        }
        for one in self._transfers:
            if one.on <= on:
                found[divisions.area_of(one.code)] = (self.code_on(one.code, on),)
        return found

    def former(self, area: Area, on: date) -> tuple[Area, ...]:
        """The areas outside of this one that were, or lay, elsewhere and are one place in it by that day."""
        low, high = area
        return tuple(
            one
            for one, heirs in self.ended(on).items()
            if len(heirs) == 1 and low <= heirs[0] <= high and not low <= one[0] <= high
        )

    @cached_property
    def _transfers(self) -> tuple[Transfer, ...]:
        """In order of time, each once, so that what passed on twice is followed twice."""
        found = {one for profile in self.by_id.values() for one in profile.transfers}
        return tuple(sorted(found, key=lambda one: (one.on, one.code)))

    @cached_property
    def superseded(self) -> dict[int, int]:
        """National codes by the local ones that they took over from."""
        return {
            one.code: one.superseded_by
            for one in self.local_divisions()
            if isinstance(one.code, int) and one.superseded_by is not None
        }

    def local_divisions(self) -> tuple[LocalDivision, ...]:
        """Every local extension code in use, each once."""
        found = {
            local.code: local
            for profile in self.by_id.values()
            for layer in profile.layers
            for local in layer.local_divisions
            if isinstance(local.code, int)
        }
        return tuple(found.values())


def _county_area(code: int) -> Area:
    county = divisions.county_of(code)
    return county, county + 999_999
