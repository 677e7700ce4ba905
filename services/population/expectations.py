"""What a hub should come to know: each child's status and crossings, computed from the truth alone.

Written apart from the registry's rules on purpose, so that the two can be held against each other.
The definition is the one all plans share: cross-county, six months, under sixteen, with a parent or
another guardian; the arrival day counts, and a sixteenth birthday ends.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from services.population.generation import Population
from services.population.people import Child
from services.population.places import Hub


def status_on(child: Child, hub: Hub, day: date) -> str | None:
    """The status that `hub` should hold on a day; None where the child does not live there."""
    stay = child.stay_on(day)
    if stay is None or not hub.holds(stay.place):
        return None
    hukou = child.hukou_on(day).place
    if child.age_on(day) >= 16:
        return "aged_out"
    if stay.place == hukou:
        return "not_cross_county"
    if {stay.place.code, hukou.code} <= hub.central:
        return "excluded"
    if {stay.place.code, hukou.code} <= hub.unsettled:
        return "cannot_tell"
    if stay.company == "none":
        return "unaccompanied"
    return "migrant" if day >= half_year_after(stay.since) else "not_yet"


def half_year_after(day: date) -> date:
    """Six months on; where that month is shorter, its last day."""
    year, month = (day.year, day.month + 6) if day.month <= 6 else (day.year + 1, day.month - 6)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def crossings(population: Population) -> Iterator[tuple[Child, str, str]]:
    """Children under sixteen who live in one hub and are registered in the other: child, from, to.

    *From* is the hub of the residence, which should send a notice; *to* that of the hukou.
    """
    for child in population.children:
        stay = child.stay_on(population.on)
        if stay is None or child.age_on(population.on) >= 16:
            continue
        lives = population.places.hub_of(stay.place)
        registered = population.places.hub_of(child.hukou_on(population.on).place)
        if lives and registered and lives is not registered:
            yield child, lives.name, registered.name


def hardships_in(population: Population, hub: Hub) -> dict[str, frozenset[str]]:
    """Child id → categories that some department of `hub` reports."""
    return {
        child.id: frozenset(found)
        for child in population.children
        if (found := {one.category for one in child.hardships if one.hub == hub.name})
    }
