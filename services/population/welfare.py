"""What civil affairs report: field surveys, and benefits that show a hardship."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from services.population.people import Child, Stay
from services.population.places import Hub
from services.population.reports import Report, Scene

SURVEYED: Final = {"away": 0.18, "left_behind": 0.12, "home": 0.02}
"""Share of children met in one half-yearly round."""

ROUNDS: Final = (900, 720, 540, 360, 180, 30)
"""Days before the last day on which a round began."""

SEEN_IN_SURVEYS: Final = ("self_request", "missing_guardianship", "family_hardship")


def reports(scene: Scene) -> Iterator[Report]:
    """Surveys and assistance of one child in both hubs."""
    yield from _surveys(scene)
    for hub in scene.places.hubs:
        yield from _assistance(scene, hub)


def _surveys(scene: Scene) -> Iterator[Report]:
    for back in ROUNDS:
        day = scene.on - timedelta(days=back - scene.random.randint(0, 28))
        stay = scene.child.stay_on(day)
        if stay and scene.hub_of(stay.place) and scene.chance(SURVEYED[_situation(scene, stay)]):
            yield _survey(scene, stay, day)
    for hub in scene.places.hubs:
        for category in SEEN_IN_SURVEYS:
            since = scene.hardship(category, hub)
            stay = scene.child.stay_on(scene.on)
            if since and stay and scene.hub_of(stay.place) == hub:
                yield _survey(scene, stay, scene.after(since, 1, 15))


def _situation(scene: Scene, stay: Stay) -> str:
    if stay.place != scene.child.hukou_on(scene.on).place:
        return "away"
    return "left_behind" if stay.company == "other_guardian" else "home"


def _survey(scene: Scene, stay: Stay, day: date) -> Report:
    hub = scene.hub_of(stay.place)
    known = {
        hardship.category
        for hardship in scene.child.hardships
        if hardship.since <= day and hub is not None and hardship.hub == hub.name
    }
    cared_for = "missing_guardianship" not in known
    guardianship: dict[str, Any] = {
        "lives_with": stay.company,
        "capacity": "able" if cared_for else "none",
    }
    if cared_for:
        guardianship["carer"] = scene.child.guardian_in(stay).relation
    own = {
        "channel": scene.random.choices(
            ("home_visit", "phone", "self_declaration"), weights=(70, 20, 10)
        )[0],
        "surveyor": scene.random.choice(("child_director", "child_supervisor")),
        "surveyed_on": day.isoformat(),
        "parents": _parents(scene.child, stay, day),
        "family_life": {
            "housing": scene.random.choice(("rented", "owned", "employer_provided")),
            "household_size": scene.random.randint(2, 6),
            "attending_school": _attending(scene.child, day, known),
        },
        "guardianship": guardianship,
        "living_security": {
            "income_sources": ["wages"],
            "insured": "insurance_status" not in known,
            "hardships": ["low_income"] if "family_hardship" in known else [],
            "requests_help": "self_request" in known,
            "behaviour_concern": "psychological_behavioural" in known,
            "vagrant": "vagrancy" in known,
        },
    }
    return Report(stay.place, "surveys", day, own)


def _parents(child: Child, stay: Stay, day: date) -> dict[str, Any]:
    caring = {"both_parents": ("father", "mother"), "one_parent": ("mother",)}
    with_child = caring.get(stay.company, ())
    return {
        guardian.relation: {
            "name": guardian.name,
            "id_number": guardian.number,
            "phone": guardian.phone_on(day),
            "state": "caring" if guardian.relation in with_child else "working_away",
        }
        for guardian in child.guardians
        if guardian.relation in ("father", "mother")
    }


def _attending(child: Child, day: date, known: set[str]) -> bool | None:
    if child.age_on(day) < 7:
        return None
    return "out_of_school" not in known


def _assistance(scene: Scene, hub: Hub) -> Iterator[Report]:
    where = scene.reporting_place(hub.name)
    if where is None:
        return
    stay = scene.child.stay_on(scene.on)
    surveyed = stay is not None and scene.hub_of(stay.place) == hub
    for category, kind in (
        ("family_hardship", "minimum_living"),
        ("missing_guardianship", "de_facto_unsupported"),
        ("vagrancy", "vagrancy_rescue"),
    ):
        since = scene.hardship(category, hub)
        if since is None or (category in SEEN_IN_SURVEYS and surveyed and scene.chance(0.5)):
            continue
        own = {"kind": kind, "event": "started", "on": since.isoformat()}
        yield Report(where, "assistance", scene.after(since, 0, 10), own)
        if category == "family_hardship" and scene.chance(0.25):
            costs = {
                "incurred_on": since.isoformat(),
                "amount_fen": scene.random.randint(30, 200) * 100_000,
                "threshold": "family_burden_30000_yuan",
                "inpatient": True,
            }
            yield Report(where, "medical-cost-alerts", scene.after(since, 0, 10), costs)
