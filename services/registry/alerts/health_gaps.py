"""Gaps in what is done for every small child (R42): doses and screenings that were not done in time; pure.

A gap begins on the day by which the rules have it done, and what is done late ends it.  Of children of whom no clinic speaks
nothing is known, and nothing is found.
"""

from collections.abc import Iterator
from datetime import date

from services.registry.alerts.rules import Stretch, schedule
from services.registry.alerts.watching import Watched, counting
from services.registry.profiles.families.entitlements import EarlyScreening
from services.registry.signals import reading as signals
from services.registry.signals.spells import Spell, first, until
from services.registry.status.counting import months_on


def vaccination_gap(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    """By the place's own doses, else by the national programme where it follows that one."""
    given, born = watched.told(signals.DOSE), watched.folded.birth_on
    if not given or born is None:
        return
    for dose in schedule(stretch.profile, day):
        assert isinstance(dose.before_months, int)
        begins = months_on(born, dose.before_months, counting(stretch.profile, day))
        vaccine, number = dose.vaccine.upper(), dose.number
        # A later dose in a clinic's book means that the earlier ones were given elsewhere.
        covering = [s for s in given if s.word == vaccine and s.number >= number]
        detail = {"vaccine": dose.vaccine, "dose": number, "clause": dose.clause}
        yield until(Spell(dose.dose, begins, detail=detail), first(covering))


def screening_gap(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    """By the place's list, as far as it says until which age."""
    born = watched.folded.birth_on
    if born is None or stretch.profile is None:
        return
    done = watched.told(signals.SCREENED)
    for rule in stretch.profile.rules(EarlyScreening, day):
        if isinstance(rule.before_months, int):
            begins = months_on(born, rule.before_months, counting(stretch.profile, day))
            told = [one for one in done if one.word == rule.screening]
            detail = {"screening": rule.screening, "clause": rule.clause}
            yield until(Spell(rule.screening, begins, detail=detail), first(told))
