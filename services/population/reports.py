"""What a department would report of a child if it never erred: place, feed, day and content."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from services.population.people import Child
from services.population.places import Hub, Place, Places

WINDOW: Final = timedelta(days=3 * 365)
"""How far back the departments' systems reach when they first push."""

DEPARTMENTS: Final = {
    "enrolments": "education",
    "residence-permits": "police",
    "household-registrations": "police",
    "health-checks": "health",
    "vaccinations": "disease_control",
    "insurance-enrolments": "medical_insurance",
    "medical-cost-alerts": "medical_insurance",
    "disability-certificates": "disabled_federation",
    "rehabilitations": "disabled_federation",
    "assistance": "civil_affairs",
    "surveys": "civil_affairs",
}


@dataclass(frozen=True, slots=True)
class Report:
    """One event as its feed tells it; `own` holds the feed's own fields."""

    place: Place
    feed: str
    day: date
    own: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """One child, the country it moves in, and the last day that is known."""

    random: Random
    places: Places
    child: Child
    on: date

    @property
    def start(self) -> date:
        return self.on - WINDOW

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def after(self, day: date, least: int, most: int) -> date:
        """A day some days later, moved into the window."""
        seen = day + timedelta(days=self.random.randint(least, most))
        if seen < self.start:
            return self.start + timedelta(days=self.random.randint(0, 60))
        return min(seen, max(day, self.on))

    def hub_of(self, place: Place) -> Hub | None:
        return self.places.hub_of(place)

    def hardship(self, category: str, hub: Hub | None = None) -> date | None:
        """Since when a hardship is known to a hub (any hub, when none is given)."""
        for hardship in self.child.hardships:
            if hardship.category == category and (hub is None or hardship.hub == hub.name):
                return hardship.since
        return None

    def reporting_place(self, hub_name: str) -> Place | None:
        """The county that speaks for a hub: where the child lives, else where it is registered."""
        stay = self.child.stay_on(self.on)
        for place in (stay.place if stay else None, self.child.hukou_on(self.on).place):
            hub = self.hub_of(place) if place else None
            if hub is not None and hub.name == hub_name:
                return place
        return None
