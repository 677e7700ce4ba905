"""What goes on after sixteen (R5): markers by rule and day, pure and through the real app."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.follow_ups.marking import marks
from services.registry.profiles import SHIPPED, Profiles
from services.registry.status.facts import ChildFacts, Episode, HukouSpell
from tests.registry.conftest import Registry
from tests.registry.key_care import CAO, TIANMEN, link, opened, push, survey, surveyed
from tests.registry.test_duties import on

PROFILES = Profiles.load(SHIPPED)
BORN = date(2010, 5, 3)
SIXTEEN, EIGHTEEN = date(2026, 5, 3), date(2028, 5, 3)
ORPHAN = {"assistance_orphan": {"value": "started"}}


def facts(home: str = TIANMEN, **more: Any) -> ChildFacts:
    given_: dict[str, Any] = {
        "birth_on": BORN,
        "hukou": (HukouSpell(int(CAO)),),
        "episodes": (Episode(int(home), date(2024, 1, 1), None, True, True),),
    }
    return ChildFacts(**{**given_, **more})


def test_r5_an_orphan_is_prompted_at_eighteen_by_the_clause() -> None:
    for day, state in (
        (SIXTEEN, "coming"),
        (EIGHTEEN - timedelta(days=1), "coming"),
        (EIGHTEEN, "open"),
        (date(2031, 1, 1), "open"),
    ):
        found = {one.entitlement: one for one in marks(facts(), ORPHAN, PROFILES, day)}
        grant = found["study_grant"]
        assert (grant.since, grant.state, grant.place) == (EIGHTEEN, state, "hukou")
        assert grant.clause
        assert grant.group == "assistance"
        assert found["senior_high"].since == SIXTEEN


@given(st.dates(date(2024, 1, 1), SIXTEEN - timedelta(days=1)))
def test_r5_no_marker_before_counting_ends(day: date) -> None:
    assert marks(facts(), ORPHAN, PROFILES, day) == ()


@given(st.dates(SIXTEEN, date(2040, 1, 1)))
def test_r5_a_marker_that_is_there_stays_whatever_ends_meanwhile(day: date) -> None:
    gone = facts(episodes=(Episode(int(TIANMEN), date(2024, 1, 1), date(2026, 6, 1), True, True),))
    for one in (facts(), gone):
        kept = {mark.entitlement for mark in marks(one, {}, PROFILES, day)}
        assert {"senior_high", "vocational"} <= kept


@pytest.mark.parametrize("fields", [{}, {"assistance_orphan": {"value": "ended"}}])
def test_r5_no_grant_for_whom_no_record_shows_it(fields: dict[str, Any]) -> None:
    found = {one.entitlement for one in marks(facts(), fields, PROFILES, EIGHTEEN)}
    assert "study_grant" not in found


def test_r5_a_child_that_was_never_counted_is_not_followed_up() -> None:
    local = facts(hukou=(HukouSpell(int(TIANMEN)),))
    assert marks(local, ORPHAN, PROFILES, EIGHTEEN) == ()


def test_r5_a_place_whose_text_has_none_marks_none() -> None:
    assert marks(facts("230102000000"), ORPHAN, PROFILES, EIGHTEEN) == ()


async def test_r5_the_marker_stands_with_the_child_after_it_aged_out(registry: Registry) -> None:
    home = {"division": TIANMEN, "since": "2025-06-01"}
    child_part = {"name": "示孤", "birth_date": "2010-05-03", "sex": "female"}
    (child,) = await surveyed(registry, survey(TIANMEN, residence=home, child=child_part))
    orphan = {
        "source_id": "A-orphan",
        "version": 1,
        "observed_on": "2026-03-01",
        "division": TIANMEN,
        "child": child_part,
        "kind": "orphan",
        "event": "started",
        "on": "2026-02-01",
    }
    await link(
        registry, await push(registry, "civil_affairs:429006", "assistance", orphan), [child]
    )
    client = await registry("civil_affairs:429006")
    assert "follow_ups" not in (await client.get(f"/v1/children/{child}")).json()
    await on(registry, "2028-05-03")
    seen = (await client.get(f"/v1/children/{child}")).json()
    assert seen["status"]["status"] == "aged_out"
    held = {one["entitlement"]: one for one in seen["follow_ups"]}
    assert held["study_grant"]["state"] == "open"
    assert held["study_grant"]["since"] == "2028-05-03"
    # Who may not see assistance may not be told by the mark that the child is an orphan.
    school = await registry("education:429006", purpose="service")
    await opened(client, child)
    told = await school.get(f"/v1/children/{child}")
    marked = told.json().get("follow_ups", []) if told.status_code == 200 else []
    assert "study_grant" not in {one["entitlement"] for one in marked}
    verifying = await registry("civil_affairs:429006", purpose="verification")
    marked = (await verifying.get(f"/v1/children/{child}")).json()["follow_ups"]
    assert {one["entitlement"] for one in marked} == {"senior_high", "vocational"}
