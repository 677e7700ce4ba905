"""Extreme days: whatever day is asked about or reported, the answer is an answer, and a day out of bounds is named as one."""

import itertools
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.days import FIRST, LAST
from tests.registry.conftest import Registry
from tests.registry.key_care import surveyed
from tests.registry.test_duties import TIANMEN_VILLAGE, duties, lived, proven, visit, visited
from tests.registry.test_posts import made

TIANMEN = "429006000000"
ASKED = (
    ("/v1/calendar-duties", "on"),
    ("/v1/profiles/429006", "on"),
    ("/v1/duties", "due_before"),
    ("/v1/duties/completion", "since"),
    ("/v1/duties/completion", "until"),
    ("/v1/posts/coverage", "since"),
)
EDGES = (date.min, date.max, FIRST, LAST, date(1979, 12, 31), date(2101, 1, 1), date(2024, 2, 29))
#: Each example needs a post of its own.
_seats = itertools.count(1)
days = st.one_of(st.sampled_from(EDGES), st.dates())
few = settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def fits(reply: httpx.Response, day: date) -> None:
    """No server error; refused for its day if, and only if, that is out of bounds."""
    assert reply.status_code < 500, reply.text
    told = reply.json().get("errors", []) if reply.status_code == 422 else []
    bounds = [e["detail"] for e in told if e["code"] in ("greater_than_equal", "less_than_equal")]
    assert bool(bounds) is not (FIRST <= day <= LAST), reply.text
    assert all(str(FIRST) in text or str(LAST) in text for text in bounds)


@few
@given(day=days)
@example(day=date.min)
@example(day=date.max)
async def test_every_day_that_is_asked_about_is_answered(registry: Registry, day: date) -> None:
    civil = await registry("civil_affairs:429006")
    for path, name in ASKED:
        reply = await civil.get(path, params={name: day.isoformat()})
        fits(reply, day)
        assert reply.status_code in (200, 422), reply.text


@few
@given(day=days)
@example(day=date.min)
@example(day=date.max)
async def test_every_day_that_is_reported_is_answered(registry: Registry, day: date) -> None:
    civil = await registry("civil_affairs:429006")
    post = await made(civil, division=TIANMEN_VILLAGE, seat=next(_seats))
    reports: tuple[tuple[str, dict[str, Any]], ...] = (
        ("/v1/calendar-duties", {"duty": "survey_x", "division": "429006", "done_on": str(day)}),
        ("/v1/posts", {"kind": "child_supervisor", "division": "429006001", "since": str(day)}),
        (f"{post}/fill", {"staff": "cd-1", "on": str(day)}),
        (f"{post}/trainings", {"held_on": str(day), "topic": "basics", "hours": 1}),
        (f"{post}/vacate", {"on": str(day), "reason": "transferred"}),
    )
    for path, body in reports:
        headers = {"Idempotency-Key": str(uuid4())}
        if path.startswith(post):
            headers = {"If-Match": (await civil.get(post)).headers["ETag"]}
        fits(await civil.post(path, json=body, headers=headers), day)


@pytest.mark.parametrize("day", ["1900-01-01", "1980-01-01", "2199-12-31"])
@pytest.mark.parametrize("field", ["visited_on", "observed_on"])
async def test_a_visit_on_an_extreme_day_breaks_no_fold(
    registry: Registry, day: str, field: str
) -> None:
    (child,) = await surveyed(registry, lived(TIANMEN_VILLAGE, living_security={}))
    await visited(registry, child, visit(TIANMEN, **{field: day}))
    assert await duties(await registry("civil_affairs:429006"))
    await proven(registry)


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
async def test_a_visit_out_of_the_calendar_is_refused(registry: Registry, day: str) -> None:
    civil = await registry("civil_affairs:429006")
    for field in ("visited_on", "observed_on", "noted_at"):
        sent = f"{day}T00:00:00Z" if field == "noted_at" else day
        reply = await civil.post("/v1/visits", json=[visit(TIANMEN, **{field: sent})])
        (result,) = reply.json()["results"]
        assert result["status"] == "refused", reply.text
