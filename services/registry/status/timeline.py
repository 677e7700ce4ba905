"""A child's facts laid out in time: where it lived and was registered on any day, as far as is
known.

A *cut* is a day on which something may turn: between two cuts every day has the same *situation*.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from services.registry.profiles.profile import Profile
from services.registry.status.counting import day_after
from services.registry.status.facts import ChildFacts, Episode, HukouSpell
from services.registry.status.places import (
    Place,
    crossing,
    inside_one_centre,
    place_of,
    turning_days,
)


class Situation(NamedTuple):
    """How a child stood on one day.

    `residence_code` is None on a day that no episode covers; both codes are as sources told them.
    `crossing`: lives in another county than its hukou; `central`: both are exempt from counting; None
    where that cannot be told, and then `missing` names the facts or rules that would tell.
    """

    residence_code: int | None
    hukou_code: int | None
    residence: Place | None
    hukou: Place | None
    accompanied: bool | None
    confirmed: bool
    crossing: bool | None
    central: bool | None
    missing: tuple[str, ...]

    def detail(self) -> dict[str, str | int | bool]:
        """Both places by their codes, and whether the stay is vouched for."""
        found: dict[str, str | int | bool] = {"confirmed": self.confirmed}
        for name, place in (("residence", self.residence), ("hukou", self.hukou)):
            if place is not None:
                found[name] = f"{place.area[0]:012d}"
        return found


class Timeline:
    """The facts of one child, read with the division codes that one profile knows."""

    def __init__(self, facts: ChildFacts, profile: Profile) -> None:
        self.birth_on = facts.birth_on
        self._facts = facts
        self._profile = profile
        cuts = {facts.birth_on} if facts.birth_on is not None else set[date]()
        for episode in facts.episodes:
            cuts.add(episode.since)
            if episode.until is not None:
                cuts.add(day_after(episode.until))
        cuts.update(spell.since for spell in facts.hukou if spell.since is not None)
        for code in {*(e.code for e in facts.episodes), *(s.code for s in facts.hukou)}:
            cuts.update(turning_days(code, profile))
        self.cuts = sorted(cuts)

    def cut_before(self, day: date) -> date | None:
        """The last cut up to and including `day`: since then, nothing turned."""
        at = bisect_right(self.cuts, day)
        return self.cuts[at - 1] if at else None

    def on(self, day: date, rules_of: date) -> Situation:
        """The situation on `day`, with the exclusion and settings in force on `rules_of`."""
        episodes = _covering(self._facts.episodes, day)
        assume_same = self._profile.day_counting(rules_of).earlier_hukou == "same"
        spells = _registered(self._facts.hukou, day, assume_same)
        missing: list[str] = []
        residence = self._one_place((e.code for e in episodes), day, "residence", missing)
        hukou = self._one_place((s.code for s in spells), day, "hukou", missing)
        crosses = central = None
        if residence is not None and hukou is not None:
            crosses = crossing(residence, hukou)
            if crosses:
                central = inside_one_centre(residence, hukou, self._profile, rules_of)
            if crosses is None or (crosses and central is None):
                missing.extend(_why_unclear(residence, hukou))
        company = {e.accompanied for e in episodes if e.accompanied is not None}
        return Situation(
            residence_code=min((e.code for e in episodes), default=None),
            hukou_code=min((s.code for s in spells), default=None),
            residence=residence,
            hukou=hukou,
            accompanied=company.pop() if len(company) == 1 else None,
            confirmed=any(e.confirmed for e in episodes),
            crossing=crosses,
            central=central,
            missing=tuple(missing),
        )

    def same_place(self, earlier: int, later: int, day: date, rules_of: date) -> bool | None:
        """Whether two codes, as of `day`, are one county or districts excluded together."""
        a, b = (place_of(code, day, self._profile) for code in (earlier, later))
        if a is None or b is None:
            return None
        crosses = crossing(a, b)
        if not crosses:
            return None if crosses is None else True
        return inside_one_centre(a, b, self._profile, rules_of)

    def _one_place(
        self, codes: Iterable[int], day: date, name: str, missing: list[str]
    ) -> Place | None:
        """The one place that these codes agree on, or what is missing for one."""
        places = {place_of(code, day, self._profile) for code in codes}
        if len(places) != 1:
            missing.append(name)
            return None
        place = places.pop()
        if place is None:
            missing.append(f"{name}_division")
        return place


def _covering(episodes: Iterable[Episode], day: date) -> list[Episode]:
    """The episode that began last among those covering `day`; several only if they cannot be
    ranked.
    """
    found = [e for e in episodes if e.since <= day and (e.until is None or day <= e.until)]
    last = max((e.since for e in found), default=None)
    found = [e for e in found if e.since == last]
    return [e for e in found if e.confirmed] or found


def _registered(spells: Iterable[HukouSpell], day: date, assume_same: bool) -> list[HukouSpell]:
    """The hukou spell that began last by `day`; before the first one, that one if so assumed."""
    begun: dict[date, list[HukouSpell]] = {}
    for spell in spells:
        begun.setdefault(spell.since or date.min, []).append(spell)
    past = [since for since in begun if since <= day]
    if past:
        return begun[max(past)]
    return begun[min(begun)] if begun and assume_same else []


def _why_unclear(residence: Place, hukou: Place) -> list[str]:
    """Which of the two is known too coarsely, or by another day's code; if neither is, the place's rule is silent."""
    unclear = [
        name
        for name, place in (("residence_division", residence), ("hukou_division", hukou))
        if place.county is None
    ]
    if not unclear and crossing(residence, hukou) is None:
        return ["hukou_division"]
    return unclear or ["central_districts"]
