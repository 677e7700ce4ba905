"""Nobody takes a child by what they push: not as its hukou place, and not what only its home may do.

Cast: the *victim* lives at home and belongs to its hukou place; school and police of its home know it.  A *thief* of
another county knows its number, name and birth date, and says in its feed that the child is registered there.
"""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared import resident_id
from shared.vocabulary import Department
from tests.guards.story import ELSEWHERE, ENROLLED, HOME, HUKOU, World, push
from tests.notifications.hubs import settle

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Feed, department and the feed's own words, all for a child of the thief's county.
LIES: dict[str, tuple[str, Department, dict[str, Any]]] = {
    "a survey": (
        "surveys",
        Department.CIVIL_AFFAIRS,
        {"surveyed_on": "2026-11-01", "channel": "phone"},
    ),
    "a benefit": (
        "assistance",
        Department.CIVIL_AFFAIRS,
        {"kind": "temporary", "event": "started", "on": "2026-11-01"},
    ),
    "a register": (
        "household-registrations",
        Department.POLICE,
        {"event": "moved_in", "on": "2026-11-01"},
    ),
    "an enrolment": ("enrolments", Department.EDUCATION, ENROLLED),
}


def item(number: str, name: str, born: str, source_id: str, place: str, hukou: str) -> Any:
    return {
        "source_id": source_id,
        "version": 1,
        "observed_on": "2026-11-02",
        "division": place,
        "child": {"name": name, "id_number": number, "birth_date": born, "sex": "male"},
        "hukou": {"division": hukou},
    }


async def victim(world: World, number: str, name: str, born: str) -> UUID:
    school = await world(Department.EDUCATION, HOME)
    await push(school, "enrolments", {**item(number, name, born, name, HOME, HUKOU), **ENROLLED})
    permit = {"event": "registered", "role": "accompanying", "registered_on": "2026-01-02"}
    told = {**item(number, name, born, name, HOME, HUKOU), **permit}
    told.pop("hukou")
    await push(await world(Department.POLICE, HOME), "residence-permits", told)
    await settle(world.hub)
    home = await world(Department.CIVIL_AFFAIRS, HOME)
    reply = await home.post("/v1/children/search", json={"name": name, "birth_date": born})
    (found,) = reply.json()["children"]
    return UUID(found["id"])


async def status(who: httpx.AsyncClient, child: UUID) -> int:
    return (await who.get(f"/v1/children/{child}")).status_code


PEOPLE = {
    "a survey": ("500233201402030013", "示云海", "2014-02-03"),
    "a benefit": ("500233201503040011", "示山川", "2015-03-04"),
    "a register": ("500233201604050010", "示林泉", "2016-04-05"),
    "an enrolment": ("500233201305060012", "示松柏", "2013-05-06"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_no_single_word_takes_a_child_to_another_hukou_place(world: World, lie: str) -> None:
    child = await victim(world, *PEOPLE[lie])
    owner = await world(Department.CIVIL_AFFAIRS, HUKOU)
    thief = await world(Department.CIVIL_AFFAIRS, ELSEWHERE)
    assert (await status(owner, child), await status(thief, child)) == (200, 404)
    feed, department, words = LIES[lie]
    lied = {**item(*PEOPLE[lie], f"L-{lie}", ELSEWHERE, ELSEWHERE), **words}
    await push(await world(department, ELSEWHERE), feed, lied)
    await settle(world.hub)
    (linked,) = await world.rows(
        "SELECT count(*) FROM links l JOIN records r ON r.entry_id = l.entry_id"
        " WHERE r.feed = $1 AND l.person = $2 AND r.division / 1000000 = $3",
        feed,
        child,
        int(ELSEWHERE),
    )
    assert linked["count"] == 1  # the lie reached the child
    assert (await status(owner, child), await status(thief, child)) == (200, 404)
    assert await status(await world(department, ELSEWHERE), child) == 404
    seen = (await owner.get(f"/v1/children/{child}")).json()
    assert [one["division"][:6] for one in seen["hukou"]] == [HUKOU]
    assert [one["division"][:6] for one in seen["hukou_unconfirmed"]] == [ELSEWHERE]


async def test_a_source_that_speaks_again_keeps_its_place(world: World) -> None:
    """Else a school's next routine version would hand the child to whoever lied meanwhile."""
    number, name, born = "500233201206070017", "示风雷", "2012-06-07"
    school = await world(Department.EDUCATION, HOME)
    first = {**item(number, name, born, "R-1", HOME, HUKOU), **ENROLLED}
    await push(school, "enrolments", first)
    await settle(world.hub)
    lied = item(number, name, born, "R-2", ELSEWHERE, ELSEWHERE)
    words = {"event": "moved_in", "on": "2026-11-01"}
    police = await world(Department.POLICE, ELSEWHERE)
    await push(police, "household-registrations", {**lied, **words})
    await settle(world.hub)
    again = {**first, "version": 2, "observed_on": "2026-11-18", "grade": "五年级"}
    await push(school, "enrolments", again)
    await settle(world.hub)
    home = await world(Department.CIVIL_AFFAIRS, HOME)
    reply = await home.post("/v1/children/search", json={"name": name, "birth_date": born})
    (found,) = reply.json()["children"]
    assert [one["division"][:6] for one in found["hukou"]] == [HUKOU]
    assert [one["division"][:6] for one in found["episodes"]] == [HOME]


async def test_the_hukou_place_neither_unshields_nor_erases_a_child_that_lives_elsewhere(
    world: World,
) -> None:
    child = await victim(world, "500233201107080016", "示雨雪", "2011-07-08")
    home = await world(Department.CIVIL_AFFAIRS, HOME)
    owner = await world(Department.CIVIL_AFFAIRS, HUKOU)

    async def act(who: httpx.AsyncClient, path: str, **body: Any) -> httpx.Response:
        return await who.post(path, json=body, headers={"Idempotency-Key": str(uuid4())})

    shielded = await act(home, f"/v1/children/{child}/shield", reason="domestic_violence")
    assert shielded.status_code == 200, shielded.text
    refused = await act(owner, f"/v1/children/{child}/unshield", reason="mistaken")
    assert refused.status_code == 403
    asked = await act(owner, "/v1/erasures", child_id=str(child), ground="unlawful")
    assert asked.status_code in (200, 201), asked.text
    await world.credentials_of(Department.CIVIL_AFFAIRS, HUKOU, name="second-of-hukou")
    path = f"/v1/erasures/{asked.json()['id']}/approvals"
    second = await world.stack.enter_async_context(
        httpx.AsyncClient(
            base_url=world.hub.url("registry"),
            auth=world.credentials["second-of-hukou"],
            transport=world.hub.network,
            headers={"Hutong-Purpose": "key_care", "Hutong-Actor": "staff-9"},
        )
    )
    assert (await second.post(path)).status_code == 403
    neighbour = await world(Department.CIVIL_AFFAIRS, HOME, actor="staff-8")
    assert (await neighbour.post(path)).status_code == 200
    assert await status(home, child) == 404


async def places(world: World, number: str) -> tuple[str, str, str]:
    """The child, where it lives and where it belongs, as its home finds it."""
    home = await world(Department.CIVIL_AFFAIRS, HOME)
    reply = await home.post("/v1/children/search", json={"id_number": number})
    (seen,) = reply.json()["children"]
    return seen["id"], seen["episodes"][-1]["division"][:6], seen["hukou"][-1]["division"][:6]


async def test_an_old_entry_aimed_at_another_child_has_no_old_place(world: World) -> None:
    """Its first version was there before the child, and spoke of somebody else."""
    name, born = "示霜露", "2010-08-09"
    number = resident_id.make(500233, date.fromisoformat(born), 1)
    thief = await world(Department.CIVIL_AFFAIRS, ELSEWHERE)
    words = {"surveyed_on": "2026-11-01", "channel": "phone"}
    nobody = item(
        resident_id.make(500107, date(2009, 9, 10), 1),
        "示无此",
        "2009-09-10",
        "O-1",
        ELSEWHERE,
        ELSEWHERE,
    )
    await push(thief, "surveys", {**nobody, **words})
    await settle(world.hub)
    school = await world(Department.EDUCATION, HOME)
    told = {**item(number, name, born, "O-2", HOME, HUKOU), **ENROLLED}
    await push(school, "enrolments", told)
    await settle(world.hub)
    aimed = item(number, name, born, "O-1", ELSEWHERE, ELSEWHERE)
    await push(thief, "surveys", {**aimed, **words, "version": 2})
    await settle(world.hub)
    child, *where = await places(world, number)
    assert where == [HOME, HUKOU]
    assert await status(thief, UUID(child)) == 404


@pytest.mark.parametrize("lie", ["a survey", "an enrolment"])
async def test_a_child_known_by_visits_alone_is_not_taken_by_the_first_other_record(
    world: World, lie: str
) -> None:
    name, born = {"a survey": ("示虹霓", "2009-10-11"), "an enrolment": ("示云霞", "2009-11-12")}[
        lie
    ]
    number = resident_id.make(500233, date.fromisoformat(born), 3)
    home = await world(Department.CIVIL_AFFAIRS, HOME)
    told = item(number, name, born, f"V-{lie}", HOME, HUKOU)
    told["residence"] = {"division": HOME, "since": "2026-01-01"}
    visit = {
        "kind": "home_visit",
        "channel": "in_person",
        "outcome": "met",
        "visited_on": "2026-11-01",
    }
    await push(home, "visits", {**told, **visit})
    await settle(world.hub)
    feed, department, words = LIES[lie]
    lied = {**item(number, name, born, f"W-{lie}", ELSEWHERE, ELSEWHERE), **words}
    lied["residence"] = {"division": ELSEWHERE, "since": "2026-01-01"}
    await push(await world(department, ELSEWHERE), feed, lied)
    await settle(world.hub)
    child, *where = await places(world, number)
    assert where == [HOME, HUKOU]
    assert await status(await world(Department.CIVIL_AFFAIRS, ELSEWHERE), UUID(child)) == 404
