"""Items: what the bench sends.  Clean enrolments for intake alone, the records of invented lives for the whole way, and
surveys that find hardship, which fill the ledger of key care."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.bench.sending import HUB
from services.population import generate
from services.population.generation import Push
from shared import resident_id

#: Items by department and feed.
Load = Mapping[tuple[str, str], list[dict[str, Any]]]

DAY = date(2026, 10, 31)
RECORDS_A_CHILD = 2.5


def enrolments(count: int, prefix: str = "bench") -> list[dict[str, Any]]:
    """Plain, clean enrolments of as many different children."""
    made = []
    for n in range(count):
        born = date(2012 + n % 8, 1 + n % 12, 1 + n % 28)
        number = resident_id.make(500103 + n // 900_000, born, 1 + n % 999)
        made.append(
            {
                "source_id": f"{prefix}-{n}",
                "version": 1,
                "observed_on": "2026-09-01",
                "division": "500103",
                "child": {
                    "name": "示小" + chr(0x4E00 + n % 5000),
                    "id_number": number,
                    "birth_date": born.isoformat(),
                    "sex": "male" if n % 2 else "female",
                },
                "guardians": [{"name": "示大山", "relation": "father", "phone": "14200000001"}],
                "hukou": {"division": "371721"},
                "residence": {"division": "500103", "address": "示例路1号", "since": "2025-09-01"},
                "event": "enrolled",
                "on": "2026-09-01",
                "stage": "primary",
                "grade": "三年级",
                "school_name": "示例小学",
            }
        )
    return made


def lives(records: int, seed: int) -> list[Push]:
    """So many records of an invented population, of which as many are pushed to the one hub measured."""
    population = generate(max(50, round(records / RECORDS_A_CHILD)), seed, on=DAY)
    here = [push for push in population.pushes if push.hub == HUB]
    return here[:records]


def by_feed(pushes: Iterable[Push], prefix: str) -> Load:
    """The items of these pushes; ``prefix`` keeps the source ids of several populations apart."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for push in pushes:
        item = {**push.item, "source_id": f"{prefix}-{push.item['source_id']}"}
        found.setdefault((push.department, push.feed), []).append(item)
    return found


def surveys(pushes: Iterable[Push], prefix: str) -> Load:
    """One survey of each child that these pushes speak of, which finds three hardships."""
    known: dict[str, dict[str, Any]] = {}
    for push in pushes:
        best = known.get(push.truth_child, {})
        if len(push.item["child"]) > len(best.get("child", {})):
            known[push.truth_child] = push.item
    made = [
        {
            **{k: item[k] for k in ("division", "child", "guardians", "hukou") if k in item},
            "source_id": f"{prefix}-survey-{n}",
            "version": 1,
            "observed_on": DAY.isoformat(),
            "channel": "home_visit",
            "surveyor": "child_director",
            "surveyed_on": DAY.isoformat(),
            "living_security": {
                "hardships": ["low_income"],
                "behaviour_concern": True,
                "requests_help": True,
            },
        }
        for n, item in enumerate(known.values())
    ]
    return {("civil_affairs", "surveys"): made}
