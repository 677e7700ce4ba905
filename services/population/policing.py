"""What police report: the household register, and residence permits along a child's stays."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from services.population.people import Child, Stay
from services.population.reports import Report, Scene

PERMITTED, ENDORSED, CANCELLED = 0.75, 0.4, 0.7
"""Shares of stays that are registered at all, renewed each year, and reported as ended."""

YEAR: Final = timedelta(days=365)


def reports(scene: Scene) -> Iterator[Report]:
    """Registrations and permits of one child in both hubs."""
    yield from _household(scene)
    for stay in scene.child.stays:
        if stay.since <= scene.on and stay.place != scene.child.hukou_on(stay.since).place:
            yield from _permits(scene, stay)


def _household(scene: Scene) -> Iterator[Report]:
    spells = scene.child.hukou
    for index, spell in enumerate(spells):
        if spell.since > scene.on or scene.hub_of(spell.place) is None:
            continue
        event = "moved_in" if index else "registered"
        on = spell.since if index else spell.since + timedelta(days=scene.random.randint(5, 60))
        if on > scene.on:
            continue
        own: dict[str, Any] = {"event": event, "on": on.isoformat(), "kind": "family"}
        father = scene.child.guardians[0]
        own["head"] = {"name": father.name, "relation": father.relation}
        yield Report(spell.place, "household-registrations", scene.after(on, 0, 10), own)
        if index + 1 < len(spells) and spells[index + 1].since <= scene.on:
            moved = spells[index + 1]
            own = {
                "event": "moved_out",
                "on": moved.since.isoformat(),
                "other_division": moved.place.text_on(moved.since),
            }
            day = scene.after(moved.since, 0, 10)
            yield Report(spell.place, "household-registrations", day, own)


def _permits(scene: Scene, stay: Stay) -> Iterator[Report]:
    if scene.hub_of(stay.place) is None or not scene.chance(PERMITTED):
        return
    last = stay.until or scene.on
    if last < scene.start:
        return
    registered = stay.since + timedelta(days=scene.random.randint(2, 60))
    if registered > last:
        return
    holder = _holder(scene.child, stay, registered)
    own = {
        "event": "registered",
        "role": "accompanying" if holder else "holder",
        "registered_on": registered.isoformat(),
        "valid_until": (registered + YEAR).isoformat(),
        "holder": holder,
    }
    day = scene.after(registered, 0, 5)
    yield Report(stay.place, "residence-permits", day, own)
    renewed = registered + YEAR * ((last - registered) // YEAR)
    if renewed > max(registered, scene.start) and scene.chance(ENDORSED):
        endorsed = own | {"event": "endorsed", "valid_until": (renewed + YEAR).isoformat()}
        yield Report(stay.place, "residence-permits", scene.after(renewed, 0, 5), endorsed)
    if stay.until is not None and stay.until <= scene.on and scene.chance(CANCELLED):
        cancelled = own | {"event": "cancelled", "cancelled_on": stay.until.isoformat()}
        day = scene.after(stay.until, 0, 30)
        yield Report(stay.place, "residence-permits", day, cancelled)


def _holder(child: Child, stay: Stay, day: date) -> dict[str, str] | None:
    """Whom the child accompanies; nobody from sixteen on, or where it lives alone."""
    if child.age_on(day) >= 16 or stay.company == "none":
        return None
    guardian = child.guardian_in(stay)
    return {
        "name": guardian.name,
        "relation": guardian.relation,
        "id_number": guardian.number,
        "phone": guardian.phone_on(day),
    }
