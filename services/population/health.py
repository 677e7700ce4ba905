"""What health, disease control, insurance and the disabled persons' federation report."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from services.population.places import Place
from services.population.reports import Report, Scene

DOSES: Final = (
    ("BCG", 1, 0), ("HepB", 2, 1), ("PCV", 1, 3), ("DTaP", 3, 5), ("MMR", 1, 8),
    ("JE-L", 1, 9), ("DTaP", 4, 18), ("HepA-L", 1, 19), ("JE-L", 2, 24), ("MPSV-AC", 3, 37),
    ("DT", 1, 73),
)  # fmt: skip
"""Vaccine, dose, age in months: an excerpt of the national programme."""

GIVEN, CHECKED_SMALL, CHECKED_AT_SCHOOL = 0.2, 0.18, 0.1
INSURANCE_SHARED, INSURED_HERE = 0.55, 0.6
DISABILITIES: Final = ("visual", "hearing", "speech", "physical", "intellectual", "mental")
FINDINGS: Final = ("low_vision", "caries", "underweight", "overweight", "anaemia")


def reports(scene: Scene) -> Iterator[Report]:
    """Doses, checks, insurance and disability of one child in both hubs."""
    yield from _doses(scene)
    yield from _checks(scene)
    yield from _insurance(scene)
    yield from _disability(scene)


def _here(scene: Scene, day: date) -> Place | None:
    """The county of a hub in which the child lived that day."""
    stay = scene.child.stay_on(day)
    return stay.place if stay and scene.hub_of(stay.place) else None


def _doses(scene: Scene) -> Iterator[Report]:
    for vaccine, dose, months in DOSES:
        day = scene.child.born + timedelta(days=int(months * 30.5) + scene.random.randint(0, 40))
        if not scene.start <= day <= scene.on or not scene.chance(GIVEN):
            continue
        if place := _here(scene, day):
            own = {"vaccine": vaccine, "dose": dose, "given_on": day.isoformat()}
            yield Report(place, "vaccinations", scene.after(day, 0, 3), own)


def _checks(scene: Scene) -> Iterator[Report]:
    for back in (1000, 650, 300):
        day = scene.on - timedelta(days=back + scene.random.randint(-60, 60))
        small = scene.child.age_on(day) < 7
        place = _here(scene, day)
        if place and scene.chance(CHECKED_SMALL if small else CHECKED_AT_SCHOOL):
            own: dict[str, Any] = {"kind": "routine" if small else "school", "managed": small}
            if scene.chance(0.2):
                own["findings"] = [scene.random.choice(FINDINGS)]
            if not small:
                own["psychological_finding"] = "none"
            yield _check(scene, place, day, own)
    for hub in scene.places.hubs:
        since = scene.hardship("psychological_behavioural", hub)
        where = scene.reporting_place(hub.name)
        if since and where:
            own = {"kind": "psychological", "psychological_finding": "confirmed"}
            yield _check(scene, where, since, own)


def _check(scene: Scene, place: Place, day: date, own: dict[str, Any]) -> Report:
    known = scene.after(day, 0, 10)
    return Report(place, "health-checks", known, {**own, "checked_on": day.isoformat()})


def _insurance(scene: Scene) -> Iterator[Report]:
    day = scene.on - timedelta(days=scene.random.randint(20, 330))
    for hub in scene.places.hubs:
        since = scene.hardship("insurance_status", hub)
        where = scene.reporting_place(hub.name)
        if since and where:
            own: dict[str, Any] = {"year": since.year, "enrolled": False}
            yield Report(where, "insurance-enrolments", scene.after(since, 0, 20), own)
    if scene.hardship("insurance_status") or day <= scene.child.born:
        return
    if not scene.chance(INSURANCE_SHARED):
        return
    registered = scene.child.hukou_on(day).place
    place = _here(scene, day) if scene.chance(INSURED_HERE) else registered
    if place and scene.hub_of(place):
        own = {
            "year": day.year,
            "enrolled": True,
            "scheme": "residents",
            "paid_by": "family" if scene.chance(0.93) else "medical_aid",
            "enrolled_on": day.isoformat(),
        }
        yield Report(place, "insurance-enrolments", scene.after(day, 0, 20), own)


def _disability(scene: Scene) -> Iterator[Report]:
    for hub in scene.places.hubs:
        since = scene.hardship("disability", hub)
        where = scene.reporting_place(hub.name)
        if not since or not where:
            continue
        kind = scene.random.choice(DISABILITIES)
        own: dict[str, Any] = {
            "event": "granted",
            "on": since.isoformat(),
            "kinds": [kind],
            "grade": scene.random.randint(1, 4),
            "valid_until": (since + timedelta(days=3652)).isoformat(),
        }
        yield Report(where, "disability-certificates", scene.after(since, 0, 15), own)
        if scene.chance(0.5):
            started = since + timedelta(days=scene.random.randint(5, 60))
            if started <= scene.on:
                own = {"program": f"{kind}_training", "started_on": started.isoformat()}
                yield Report(where, "rehabilitations", scene.after(started, 0, 10), own)
