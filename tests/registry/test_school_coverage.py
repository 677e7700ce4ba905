"""Screening coverage by school through the real app (R23): every pupil counted once, the gap named, the shielded untold."""

import itertools
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.registry.conftest import Registry
from tests.registry.key_care import fold, link, push, survey, surveyed, turn
from tests.registry.test_duties import BAOTOU, duties, visit, visited

_numbers = itertools.count(1)
HOME = {"division": BAOTOU, "since": "2025-06-01"}


async def pupil(registry: Registry, school: str | None) -> UUID:
    """A migrant child in the third grade of a school of Baotou."""
    (child,) = await surveyed(registry, survey(BAOTOU, residence=HOME))
    enrolled = {
        "source_id": f"P-{next(_numbers)}",
        "version": 1,
        "observed_on": "2026-03-01",
        "division": BAOTOU,
        "child": {"name": "示童"},
        "event": "enrolled",
        "on": "2025-09-01",
        "stage": "primary",
        "grade": "三年级",
        "residence": HOME,
        **({"school_name": school} if school else {}),
    }
    told = await push(registry, "education:150203", "enrolments", enrolled)
    await link(registry, told, [child])
    return child


async def screened(registry: Registry, child: UUID, day: str = "2026-02-27") -> None:
    made = visit(BAOTOU, kind="screening", visited_on=day, visitor="teacher")
    await visited(registry, child, made, by="education:150203")


async def schools(client: httpx.AsyncClient, **more: Any) -> list[dict[str, Any]]:
    reply = await client.get("/v1/duties/schools", params=more)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["schools"]
    return found


async def test_r23_coverage_by_school_counts_every_pupil_once_and_lists_the_unscreened(
    registry: Registry,
) -> None:
    first = [await pupil(registry, "包头示例一小") for _ in range(3)]
    second = await pupil(registry, "包头示例二小")
    await screened(registry, first[0])
    await screened(registry, second)
    for who in ("civil_affairs:150203", "education:150203"):
        client = await registry(who, purpose="service" if who[0] == "e" else "key_care")
        found = await schools(client)
        assert [(one["school"], one["owed"], one["done"], one["gap"]) for one in found] == [
            ("包头示例一小", 3, 1, 2),
            ("包头示例二小", 1, 1, 0),
        ]
    unscreened = {
        one["child"]["id"]
        for one in await duties(client, duty="psychological_screening")
        if "last_done_on" not in one
    }
    assert unscreened == {str(child) for child in first[1:]}
    # Another period, in which nobody was screened yet.
    (gap, _) = await schools(client, since="2025-01-01", until="2025-12-31")
    assert (gap["done"], gap["gap"]) == (0, 3)


async def test_r23_a_shielded_pupil_is_counted_under_no_school(registry: Registry) -> None:
    child = await pupil(registry, "包头示例一小")
    client = await registry("civil_affairs:150203")
    assert (await turn(client, child)).status_code < 300
    await fold(registry)
    (one,) = await schools(client)
    assert (one.get("school"), one["owed"]) == (None, 1)
    assert await schools(client, within="150203001") == []


@pytest.mark.parametrize(
    ("who", "purpose"), [("civil_affairs:150203", "supervision"), ("police:150203", "service")]
)
async def test_r23_schools_are_for_those_who_may_see_schools(
    registry: Registry, who: str, purpose: str
) -> None:
    await pupil(registry, "包头示例一小")
    client = await registry(who, purpose=purpose)
    assert (await client.get("/v1/duties/schools")).status_code == 403


async def test_r23_another_place_counts_none_of_them(registry: Registry) -> None:
    await pupil(registry, "包头示例一小")
    assert await schools(await registry("civil_affairs:500103")) == []
