"""How a family moves: a life between its hukou county and other places, ending on a given day.

A *leg* is a place and the day of arrival. About half of all children end up away from their
hukou, and the two hubs send children to each other in both directions.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from services.population.places import Hub, Place, Places

KINDS: Final = {
    "home": 38,
    "left_behind": 5,
    "away": 27,
    "recent": 7,
    "returned": 8,
    "onward": 6,
    "interrupted": 3,
    "moved_on": 3,
    "rehomed": 3,
}
"""What becomes of a family, in per cent; families from beyond both hubs always move."""

MOVERS: Final = tuple(kind for kind in KINDS if kind not in ("home", "left_behind"))
ORIGINS: Final = {"first": 36, "second": 36, "beyond": 28}
TO_THE_OTHER_HUB, WITHIN_THE_HUB = 0.45, 0.90


@dataclass(frozen=True, slots=True)
class Journey:
    """The legs of a life, oldest first, and the day of transferring the hukou, if ever."""

    kind: str
    hukou: Place
    legs: tuple[tuple[Place, date], ...]
    transferred_on: date | None = None


def draw(random: Random, places: Places, on: date) -> Journey:
    """One family's journey as it stands on the day `on`."""
    origin = random.choices(tuple(ORIGINS), weights=tuple(ORIGINS.values()))[0]
    if origin == "beyond":
        home = _among(random, places.beyond)
        kind = random.choices(MOVERS, weights=[KINDS[kind] for kind in MOVERS])[0]
    else:
        home = _among(random, places.hubs[0 if origin == "first" else 1].counties)
        kind = random.choices(tuple(KINDS), weights=tuple(KINDS.values()))[0]
    start = (home, on - timedelta(days=365 * 20))
    legs = tuple(_moves(random, places, home, kind, on))
    transferred = None
    if kind == "rehomed":
        transferred = legs[0][1] + (on - legs[0][1]) * random.uniform(0.3, 0.9)
    return Journey(kind, home, (start, *legs), transferred)


def _moves(
    random: Random, places: Places, home: Place, kind: str, on: date
) -> list[tuple[Place, date]]:
    def ago(least: int, most: int) -> date:
        return on - timedelta(days=random.randint(least, most))

    there = _destination(random, places, home, in_hub=kind != "away")
    match kind:
        case "away":
            return [(there, ago(200, 2200))]
        case "recent":
            return [(there, ago(5, 178))]
        case "returned":
            return [(there, ago(700, 2000)), (home, ago(20, 500))]
        case "onward":
            further = _destination(random, places, home, in_hub=True, but=there)
            return [(there, ago(700, 1800)), (further, ago(190, 600))]
        case "interrupted":
            back = ago(330, 700)
            again = back + timedelta(days=random.randint(40, 120))
            return [(there, ago(900, 1800)), (home, back), (there, again)]
        case "moved_on":
            return [(there, ago(700, 1500)), (_among(random, places.beyond), ago(20, 500))]
        case "rehomed":
            return [(there, ago(800, 2200))]
    return []


def _destination(
    random: Random, places: Places, home: Place, *, in_hub: bool, but: Place | None = None
) -> Place:
    """A county other than `home` and `but`; inside one of the hubs where `in_hub`."""
    while True:
        found = _among(random, _region(random, places, home, in_hub=in_hub))
        if found.code not in (home.code, but.code if but else None):
            return found


def _region(random: Random, places: Places, home: Place, *, in_hub: bool) -> tuple[Place, ...]:
    own = places.hub_of(home)
    if own is None:
        return random.choice(places.hubs).counties
    draw = random.random()
    if draw < TO_THE_OTHER_HUB:
        return _other(places, own).counties
    if draw < WITHIN_THE_HUB or in_hub:
        return own.counties
    return places.beyond


def _other(places: Places, hub: Hub) -> Hub:
    return places.hubs[1] if hub is places.hubs[0] else places.hubs[0]


def _among(random: Random, places: tuple[Place, ...]) -> Place:
    return random.choices(places, weights=[place.weight for place in places])[0]
