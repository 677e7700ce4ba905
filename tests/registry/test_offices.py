"""Whose word does a duty, by where the child lived on the day; by a table."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.registry.children.claims import Source, Stay, VisitClaim
from services.registry.children.residing import reside
from services.registry.duties.acts import act_of
from services.registry.duties.offices import Offices

HERE, THERE, ELSEWHERE = 500103000000, 429006000000, 500107000000
MOVED = date(2026, 3, 1)


def source(office: int, department: str, on: date = MOVED, entry: int = 1) -> Source:
    told = datetime(on.year, on.month, on.day, tzinfo=UTC)
    return Source(UUID(int=entry), UUID(int=entry), "surveys", department, on, office, told)


def stays(place: int, since: date) -> list[Stay]:
    """Two departments place the child there."""
    return [
        Stay(place, since, None, "", source(place, department, since, place + number))
        for number, department in enumerate(("civil_affairs", "police"))
    ]


RESIDING = reside([*stays(HERE, date(2025, 6, 1)), *stays(THERE, MOVED)], ())


@pytest.mark.parametrize(
    ("office", "department", "kind", "on", "counts"),
    [
        (HERE, "civil_affairs", "home_visit", "2026-02-28", True),
        (HERE, "civil_affairs", "home_visit", "2026-03-01", True),
        (HERE, "civil_affairs", "home_visit", "2026-03-02", False),
        (THERE, "civil_affairs", "home_visit", "2026-02-28", False),
        (THERE, "civil_affairs", "home_visit", "2026-03-01", True),
        (HERE, "civil_affairs", "home_visit", "2025-05-31", True),
        (THERE, "civil_affairs", "home_visit", "2025-05-31", False),
        (ELSEWHERE, "civil_affairs", "home_visit", "2026-03-02", False),
        (THERE, "education", "school_home_visit", "2026-03-02", True),
        (HERE, "education", "school_home_visit", "2026-03-02", False),
        (ELSEWHERE, "education", "school_home_visit", "2026-03-02", True),
        (HERE, "health", "screening", "2026-03-02", False),
    ],
)
def test_r18_an_act_counts_from_where_the_child_lived_or_is_enrolled(
    office: int, department: str, kind: str, on: str, counts: bool
) -> None:
    offices = Offices(RESIDING, frozenset({ELSEWHERE}))
    day = date.fromisoformat(on)
    visit = VisitClaim(kind, day, "in_person", "met", "", "", (), source(office, department))
    duty = "psychological_screening" if kind == "screening" else kind
    assert act_of(duty).days([visit], offices) == ((day,) if counts else ())
