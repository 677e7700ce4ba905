"""What goes on after sixteen (R5): markers by rule and day, pure and through the real app."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.follow_ups.marking import marks
from services.registry.profiles import SHIPPED, Profiles
from services.registry.status.facts import ChildFacts, Episode, HukouSpell
from tests.registry.compartments import ask_to_open
from tests.registry.conftest import Registry
from tests.registry.key_care import CAO, TIANMEN, link, opened, push, survey, surveyed
from tests.registry.test_duties import on

TOWNSHIP = "429006001000"
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


async def born_2010(registry: Registry, name: str, orphan: bool) -> UUID:
    """A child of Tianmen, counted until it is sixteen on 2026-05-03."""
    home = {"division": TIANMEN, "since": "2025-06-01"}
    child_part = {"name": name, "birth_date": "2010-05-03", "sex": "female"}
    (child,) = await surveyed(registry, survey(TIANMEN, residence=home, child=child_part))
    if orphan:
        started = {
            "source_id": f"A-{name}",
            "version": 1,
            "observed_on": "2026-03-01",
            "division": TIANMEN,
            "child": child_part,
            "kind": "orphan",
            "event": "started",
            "on": "2026-02-01",
        }
        pushed = await push(registry, "civil_affairs:429006", "assistance", started)
        await link(registry, pushed, [child])
    return child


async def prompted(client: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    """Every page of the list."""
    found: list[dict[str, Any]] = []
    params = {**asked}
    while True:
        reply = await client.get("/v1/follow-ups", params=params)
        assert reply.status_code == 200, reply.text
        found += reply.json()["follow_ups"]
        if "next" not in reply.json():
            return found
        params = {**asked, "cursor": reply.json()["next"]}


async def test_r5_a_list_says_who_is_to_be_prompted_at_eighteen(registry: Registry) -> None:
    orphan = await born_2010(registry, "示孤", True)
    other = await born_2010(registry, "示童", False)
    client = await registry("civil_affairs:429006")
    assert await prompted(client) == []  # both are counted still
    await on(registry, "2026-06-01")
    grant = {"entitlement": "study_grant"}
    (one,) = await prompted(client, **grant)
    assert (one["child"], one["follow_up"]["since"]) == (str(orphan), "2028-05-03")
    assert (one["follow_up"]["state"], one["follow_up"]["place"]) == ("coming", "hukou")
    assert one["name"] and one["follow_up"]["clause"]
    assert await prompted(client, **grant, limit=1) == [one]
    assert await prompted(client, **grant, until="2028-05-02") == []
    assert await prompted(client, **grant, until="2028-05-03") == [one]
    assert await prompted(client, **{"from": "2028-05-04", "until": "2028-06-01"}) == []
    opened_ = await prompted(client, **{"from": "2026-05-03", "until": "2026-05-03"})
    assert {entry["child"] for entry in opened_} == {str(orphan), str(other)}
    assert {entry["follow_up"]["entitlement"] for entry in opened_} == {"senior_high", "vocational"}
    await on(registry, "2028-05-03")
    (now,) = await prompted(client, **grant)
    assert now["follow_up"]["state"] == "open"
    # By the hukou place, which pays it, as well; by no other, and by nobody to whom assistance is not open.
    home = await registry("civil_affairs:371721")
    assert [p["child"] for p in await prompted(home, place="hukou", **grant)] == [str(orphan)]
    assert await prompted(home, **grant) == []
    assert await prompted(await registry("civil_affairs:500103"), **grant) == []
    verifying = await registry("civil_affairs:429006", purpose="verification")
    assert await prompted(verifying, **grant) == []
    school = await registry("education:429006", purpose="service")
    assert await prompted(school, **grant) == []
    counting = await registry("civil_affairs:429006", purpose="statistics")
    assert (await counting.get("/v1/follow-ups")).status_code == 403
    wrong = await client.get("/v1/follow-ups", params={"from": "2028-05-03", "until": "2028-05-02"})
    assert wrong.status_code == 422
    cursor = (await client.get("/v1/follow-ups", params={**grant, "limit": 1})).json()["next"]
    registry.clock.at += timedelta(hours=14)
    overnight = {**grant, "limit": 1, "cursor": cursor}
    assert (await client.get("/v1/follow-ups", params=overnight)).status_code == 200
    foreign = await client.get("/v1/follow-ups", params={"limit": 1, "cursor": cursor})
    assert foreign.status_code == 400


async def test_r5_who_sees_no_address_is_told_the_county_alone(registry: Registry) -> None:
    """As in the child's own view: below the county a division is an address."""
    home = {"division": TOWNSHIP, "since": "2025-06-01"}
    child_part = {"name": "示址", "birth_date": "2010-05-03", "sex": "female"}
    (child,) = await surveyed(registry, survey(TOWNSHIP, residence=home, child=child_part))
    await on(registry, "2026-06-01")
    for department, purpose, told in (
        ("civil_affairs", "survey", TOWNSHIP),
        ("civil_affairs", "verification", TIANMEN),
        ("education", "service", TIANMEN),
    ):
        reader = await registry(f"{department}:429006", purpose=purpose)
        prompts = await prompted(reader, **{"from": "2026-05-03"})
        assert {one["division"] for one in prompts if one["child"] == str(child)} == {told}


async def test_r5_what_a_compartment_gives_is_told_at_its_own_door_alone(
    registry: Registry,
) -> None:
    child, other = [await born_2010(registry, name, False) for name in ("示一", "示二")]
    keeper = await registry("civil_affairs:429006", purpose="key_care", actor="staff-7")
    reply = await ask_to_open(keeper, "hiv", child)
    assert reply.status_code == 201, reply.text
    await on(registry, "2028-05-03")

    async def asked(one: UUID) -> dict[str, Any]:
        answer: dict[str, Any] = (await keeper.get(f"/v1/compartments/hiv/children/{one}")).json()
        return answer

    (mark,) = (await asked(child))["follow_ups"]
    assert (mark["entitlement"], mark["since"], mark["state"]) == (
        "study_grant",
        "2028-05-03",
        "open",
    )
    assert mark.keys() == {"entitlement", "place", "since", "clause", "state"}
    assert "follow_ups" not in await asked(other)
    assert await prompted(keeper, entitlement="study_grant") == []
    seen = (await keeper.get(f"/v1/children/{child}")).json()
    assert {one["entitlement"] for one in seen["follow_ups"]} == {"senior_high", "vocational"}
