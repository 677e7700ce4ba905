"""Evidence of hardship lasts until something ends it, whatever came in first."""

import itertools
import random
from collections import Counter
from datetime import date, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.children.evidence import Ending, Sign, evidence_of, lasting
from services.registry.records.feeds import FEEDS

NAMESPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
#: Feed, the day of the record, and what else it says.
Said = tuple[str, str, dict[str, object]]


def said(feed: str, on: str, fields: dict[str, object]) -> tuple[Sign | Ending, ...]:
    common = {
        "source_id": "E-1",
        "version": 1,
        "observed_on": on,
        "division": "500103",
        "child": {},
    }
    item = FEEDS[feed].model.model_validate({**common, **fields})
    return evidence_of(item, uuid5(NAMESPACE, f"{feed}{on}{fields}"))


def assistance(event: str, on: str, kind: str = "minimum_living") -> Said:
    return "assistance", on, {"kind": kind, "event": event, "on": on}


def certificate(event: str, on: str, until: str | None = None) -> Said:
    return "disability-certificates", on, {"event": event, "on": on, "valid_until": until}


def school(event: str, on: str) -> Said:
    return "enrolments", on, {"event": event, "on": on, "stage": "primary"}


def insurance(enrolled: bool, on: str, year: int = 2026) -> Said:
    return "insurance-enrolments", on, {"year": year, "enrolled": enrolled, "enrolled_on": on}


CASES: list[tuple[str, list[Said], list[tuple[str, str, str | None]]]] = [
    (
        "a benefit goes on until it is ended",
        [assistance("started", "2025-01-10")],
        [("family_hardship", "2025-01-10", None)],
    ),
    (
        "a benefit ended",
        [assistance("started", "2025-01-10"), assistance("ended", "2025-06-01")],
        [("family_hardship", "2025-01-10", "2025-05-31")],
    ),
    (
        "ended and started again",
        [
            assistance("started", "2025-01-10"),
            assistance("ended", "2025-06-01"),
            assistance("started", "2025-09-01"),
        ],
        [("family_hardship", "2025-01-10", "2025-05-31"), ("family_hardship", "2025-09-01", None)],
    ),
    (
        "ended twice: the first ending holds",
        [
            assistance("started", "2025-01-10"),
            assistance("ended", "2025-06-01"),
            assistance("ended", "2025-08-01"),
        ],
        [("family_hardship", "2025-01-10", "2025-05-31")],
    ),
    (
        "another benefit of the same category goes on",
        [
            assistance("started", "2025-01-10"),
            assistance("started", "2025-01-10", "extreme_poverty"),
            assistance("ended", "2025-06-01"),
        ],
        [("family_hardship", "2025-01-10", "2025-05-31"), ("family_hardship", "2025-01-10", None)],
    ),
    (
        "started on the day of an ending: in doubt it goes on",
        [assistance("ended", "2025-06-01"), assistance("started", "2025-06-01")],
        [("family_hardship", "2025-06-01", None)],
    ),
    (
        "an end stated earlier than the ending stands",
        [
            assistance("started", "2024-01-10", "temporary"),
            assistance("ended", "2026-06-01", "temporary"),
        ],
        [("family_hardship", "2024-01-10", "2025-01-10")],
    ),
    (
        "a certificate revoked",
        [certificate("granted", "2024-03-01", "2034-02-28"), certificate("revoked", "2025-05-05")],
        [("disability", "2024-03-01", "2025-05-04")],
    ),
    (
        "revoked, granted anew",
        [
            certificate("granted", "2024-03-01"),
            certificate("revoked", "2025-05-05"),
            certificate("renewed", "2025-07-01", "2035-06-30"),
        ],
        [("disability", "2024-03-01", "2025-05-04"), ("disability", "2025-07-01", "2035-06-30")],
    ),
    (
        "dropped out",
        [school("enrolled", "2024-09-01"), school("dropped_out", "2025-03-01")],
        [("out_of_school", "2025-03-01", None)],
    ),
    (
        "back at school",
        [school("dropped_out", "2025-03-01"), school("transferred_in", "2025-09-01")],
        [("out_of_school", "2025-03-01", "2025-08-31")],
    ),
    (
        "leaving another school is no return",
        [school("dropped_out", "2025-03-01"), school("transferred_out", "2025-09-01")],
        [("out_of_school", "2025-03-01", None)],
    ),
    (
        "uninsured all year",
        [insurance(False, "2026-02-01")],
        [("insurance_status", "2026-01-01", "2026-12-31")],
    ),
    (
        "insured in the course of the year",
        [insurance(False, "2026-02-01"), insurance(True, "2026-04-01")],
        [("insurance_status", "2026-01-01", "2026-03-31")],
    ),
    (
        "insured before the year began, elsewhere perhaps",
        [insurance(False, "2026-02-01"), insurance(True, "2025-12-18")],
        [],
    ),
    (
        "insured in another year",
        [insurance(False, "2026-02-01"), insurance(True, "2025-01-01", 2025)],
        [("insurance_status", "2026-01-01", "2026-12-31")],
    ),
]


@pytest.mark.parametrize(("_what", "records", "expected"), CASES, ids=[c[0] for c in CASES])
def test_evidence_ends_by_what_came_after_it(
    _what: str, records: list[Said], expected: list[tuple[str, str, str | None]]
) -> None:
    for order in itertools.permutations(records):
        found = lasting(one for record in order for one in said(*record))
        assert Counter(
            (e.category, str(e.since), str(e.until) if e.until else None) for e in found
        ) == Counter(expected)


DAYS = st.dates(date(2024, 1, 1), date(2024, 2, 15))
STRANDS = st.sampled_from(("a", "b"))
SIGNS = st.builds(Sign, STRANDS, st.sampled_from(("x", "y")), st.uuids(), DAYS, st.none() | DAYS)
ENDINGS = st.builds(lambda strand, on: Ending(strand, on, on - timedelta(days=1)), STRANDS, DAYS)


@given(st.lists(SIGNS, max_size=6), st.lists(ENDINGS, max_size=4), st.randoms())
def test_the_order_of_signs_and_endings_changes_nothing(
    signs: list[Sign], endings: list[Ending], chance: random.Random
) -> None:
    shuffled: list[Sign | Ending] = [*signs, *endings]
    chance.shuffle(shuffled)
    assert lasting(shuffled) == lasting([*signs, *endings])


@given(st.lists(SIGNS, max_size=6), st.lists(ENDINGS, max_size=4), DAYS)
def test_evidence_speaks_where_its_sign_does_and_no_ending_lies_between(
    signs: list[Sign], endings: list[Ending], day: date
) -> None:
    speaking = {e.record_id for e in lasting([*signs, *endings]) if e.holds(day)}
    assert speaking == {
        sign.record
        for sign in signs
        if sign.since <= day
        and (sign.until is None or day <= sign.until)
        and not any(e.strand == sign.strand and sign.since < e.begun_before <= day for e in endings)
    }
