"""Which children have a reason for key care (重点关爱), in the categories of the plans.

The rates are guesses of a plausible order of magnitude, not statistics.
"""

from datetime import date, timedelta
from random import Random
from typing import Final

from services.population.people import Child, Hardship
from services.population.places import Places

RATES: Final = {
    "family_hardship": 0.04,
    "disability": 0.02,
    "missing_guardianship": 0.006,
    "vagrancy": 0.005,
    "psychological_behavioural": 0.015,
    "self_request": 0.02,
    "out_of_school": 0.015,
    "insurance_status": 0.04,
}
"""Share of children for whom each holds."""

SCHOOL_AGE: Final = range(7, 15)
WHERE_THE_CHILD_IS: Final = frozenset(
    {"vagrancy", "self_request", "out_of_school", "psychological_behavioural"}
)


def draw(random: Random, places: Places, child: Child, on: date) -> tuple[Hardship, ...]:
    """A child's hardships, each with the hub whose departments report it."""
    stay = child.stay_on(on)
    home = places.hub_of(stay.place) if stay else None
    registered = places.hub_of(child.hukou_on(on).place)
    found = []
    for category, rate in RATES.items():
        strikes = random.random() < rate
        if category == "missing_guardianship" and stay and stay.company == "none":
            strikes = True
        if not strikes or not _possible(category, child, on):
            continue
        hub = home if category in WHERE_THE_CHILD_IS else home or registered
        if stay is None or hub is None:
            continue
        least = max(stay.since, child.born) if hub is home else child.born
        since = max(least + timedelta(days=10), on - timedelta(days=random.randint(20, 500)))
        if since <= on:
            found.append(Hardship(category, since, hub.name))
    return tuple(found)


def _possible(category: str, child: Child, on: date) -> bool:
    match category:
        case "out_of_school":
            return child.age_on(on - timedelta(days=500)) in SCHOOL_AGE
        case "vagrancy" | "psychological_behavioural":
            return child.age_on(on) >= 7
        case "self_request":
            stay = child.stay_on(on)
            return stay is not None and stay.place != child.hukou_on(on).place
    return True
