"""Break-glass through the real app: one child, one hour, little told, both places alerted, judged by another."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.break_glass import contacts, unreviewed
from services.registry.children.registration import fold_batch
from services.registry.records.feeds import FEEDS
from services.registry.records.resolving import take
from shared.clock import today
from shared.database import SYSTEM, Reach, raw
from shared.vocabulary import Scope
from tests.registry.conftest import Registry

URL = "/v1/break-glass"
RESIDENCE = 500103000000
NUMBER = "371721201705030126"
WANTED = {"id_number": NUMBER, "reason": "found_alone", "note": "火车站独自一人"}


def example(feed: str) -> dict[str, Any]:
    extra: Any = FEEDS[feed].model.model_config["json_schema_extra"]
    return dict((extra.get("examples") or [extra["example"]])[0])


async def push(registry: Registry, feed: str, item: dict[str, Any]) -> UUID:
    """Push one item by a department that may; its entry."""
    pusher = await registry(f"{FEEDS[feed].departments[0]}:")
    (result,) = (await pusher.post(f"/v1/{feed}", json=[item])).json()["results"]
    assert result["status"] == "created", result
    return UUID(result["entry"])


async def link(registry: Registry, person: UUID | None, entries: list[UUID], seq: int = 1) -> None:
    """Give matching's word on these entries, and fold."""
    links = [
        {
            "entry": str(entry),
            "person": str(person) if person else None,
            "grade": "certain",
            "weight": 20.0,
            "rule_version": "test",
            "link_seq": seq,
        }
        for entry in entries
    ]
    async with registry.database.transaction(SYSTEM) as session:
        await take(await raw(session), links, registry.app.state.kit.audit)
    await fold(registry)


async def fold(registry: Registry) -> None:
    async with registry.database.transaction(SYSTEM) as session:
        now = registry.clock.now()
        kit = registry.app.state.kit
        while await fold_batch(session, kit, 100, today(registry.clock), now):
            pass


async def registered(
    registry: Registry, *feeds: str, person: UUID | None = None, **child: Any
) -> UUID:
    """A child known from these feeds' examples, altered by ``child``; its id."""
    person = person or uuid4()
    entries = []
    for number, feed in enumerate(feeds):
        item = example(feed)
        item["source_id"] = f"{person}-{number}"
        item["child"] = {**item["child"], **child}
        entries.append(await push(registry, feed, item))
    await link(registry, person, entries)
    return person


async def shield(registry: Registry, child: UUID) -> None:
    await registry.system("UPDATE children SET shielded = true WHERE id = $1", child)


async def open_(client: httpx.AsyncClient, key: str = "k-1", **more: Any) -> httpx.Response:
    return await client.post(URL, json={**WANTED, **more}, headers={"Idempotency-Key": key})


async def alerts(registry: Registry) -> list[Any]:
    return await registry.system(
        "SELECT subject, body FROM outbox WHERE type = 'break_glass.opened' ORDER BY id"
    )


async def test_an_opening_tells_key_care_and_the_duty_contacts_and_no_more(
    registry: Registry,
) -> None:
    child = await registered(registry, "residence-permits", "assistance")
    async with registry.database.transaction(SYSTEM) as session:
        await contacts.put(await raw(session), RESIDENCE, "渝中区民政局值班室", "023-0000")
    far = await registry("police:650102")

    reply = await open_(far)

    assert reply.status_code == 200, reply.text
    told = reply.json()
    opening = told.pop("id")
    assert told == {
        "found": True,
        "expires_at": "2026-03-02T05:00:00Z",
        "key_care": True,
        "contacts": [
            {
                "side": "residence",
                "state": "configured",
                "office": "渝中区民政局值班室",
                "phone": "023-0000",
            },
            {"side": "hukou", "state": "not_configured"},
        ],
    }
    ((subject, body),) = [tuple(row) for row in await alerts(registry)]
    assert subject == child
    assert '"residence": "500103000000"' in body
    assert '"hukou": "371721000000"' in body
    assert opening in body
    (entry,) = await registry.system(
        "SELECT subjects, actor, purpose FROM audit_entries WHERE operation = 'break-glass.open'"
    )
    assert (entry["subjects"], entry["actor"], entry["purpose"]) == ([child], "staff-7", "key_care")
    reader = await registry("police:650102", purpose="service")
    assert (await reader.get(f"/v1/children/{child}")).status_code == 404


async def test_a_child_without_key_care_is_found_by_name_and_birth_date(registry: Registry) -> None:
    await registered(registry, "residence-permits", name="示小红", birth_date="2017-05-03")
    far = await registry("health:650102")

    reply = await open_(far, id_number=None, name="示小红", birth_date="2017-05-03")

    assert (reply.json()["found"], reply.json()["key_care"]) == (True, False)


async def test_nobody_and_several_answer_alike(registry: Registry) -> None:
    both = [await registered(registry, "residence-permits") for _ in range(2)]
    far = await registry("police:650102")

    several = await open_(far, "k-1")
    nobody = await open_(far, "k-2", id_number="500103201705030018")

    assert several.content == nobody.content == b'{"found":false}'
    assert several.status_code == nobody.status_code == 200
    audited = await registry.system(
        "SELECT subjects FROM audit_entries WHERE operation = 'break-glass.open' ORDER BY id"
    )
    assert [row["subjects"] for row in audited] == [sorted(both), []]


LIE = {"name": "示梅兰", "birth_date": "2016-09-09", "sex": "female"}


@pytest.mark.parametrize("given", [{}, {"name": "示小明", "birth_date": "2017-05-03"}])
async def test_one_clerks_push_strands_no_emergency(registry: Registry, given: Any) -> None:
    """Under the victim's number, or under its name and birth, another child: one department says so."""
    known = {"name": "示小明", "birth_date": "2017-05-03", "id_number": NUMBER}
    child = await registered(registry, "residence-permits", "enrolments", **known)
    await registered(registry, "enrolments", **{**known, **LIE})
    await registered(registry, "enrolments", **{**known, "id_number": "371721201705030142"})
    far = await registry("police:650102")

    opened = [
        await open_(far, "k-1", **given),
        await open_(far, "k-2", id_number=None, name="示小明", birth_date="2017-05-03"),
    ]

    assert [reply.json()["found"] for reply in opened] == [True, True]
    assert {subject for subject, _ in map(tuple, await alerts(registry))} == {child}


async def test_what_is_given_must_fit_whole(registry: Registry) -> None:
    """Although each child alone is nobody's but one department's."""
    known = {"name": "示小明", "birth_date": "2017-05-03", "id_number": NUMBER}
    await registered(registry, "enrolments", **{**known, **LIE})
    child = await registered(registry, "enrolments", **known)
    far = await registry("police:650102")

    fits = await open_(far, "k-1", name="示小明", birth_date="2017-05-03")
    other = await open_(far, "k-2", name="示小满", birth_date="2017-05-03")

    assert (fits.json()["found"], other.json()["found"]) == (True, False)
    assert [subject for subject, _ in map(tuple, await alerts(registry))] == [child]


async def test_where_several_fit_their_places_are_alarmed_and_the_opener_learns_nothing(
    registry: Registry,
) -> None:
    both = [await registered(registry, "residence-permits") for _ in range(2)]
    far = await registry("police:650102")
    here = await registry("civil_affairs:500103")

    assert (await open_(far)).content == b'{"found":false}'

    assert sorted(subject for subject, _ in map(tuple, await alerts(registry))) == sorted(both)
    listed = (await here.get(URL, params={"reviewed": False})).json()["openings"]
    assert sorted(UUID(one["child"]) for one in listed) == sorted(both)
    assert {one["note"] for one in listed} == {""}
    assert all(one["expires_at"] == one["opened_at"] for one in listed)
    assert await unreviewed.count(registry.database) == 2
    for one in listed:
        assert (await far.get(f"{URL}/{one['id']}")).status_code == 403
        word = {"verdict": "justified", "reason": "医院来电核实"}
        judged = await here.post(f"{URL}/{one['id']}/review", json=word)
        assert judged.status_code == 200, judged.text
    assert await unreviewed.count(registry.database) == 0


async def test_where_one_of_several_is_shielded_its_home_alone_is_alarmed(
    registry: Registry,
) -> None:
    """The others' places, which may have pushed for it, would learn where somebody asks for the child."""
    hidden = await registered(registry, "residence-permits")
    await registered(registry, "residence-permits")
    await shield(registry, hidden)
    far = await registry("police:650102")

    assert (await open_(far)).json() == {"found": False}

    ((subject, body),) = [tuple(row) for row in await alerts(registry)]
    assert subject == hidden and '"shielded": true' in body
    (row,) = await registry.system("SELECT child_id, hukou_code FROM break_glass")
    assert tuple(row) == (hidden, None)


@pytest.mark.parametrize(
    "body",
    [
        {"id_number": NUMBER},
        {"id_number": NUMBER, "reason": ""},
        {"id_number": NUMBER, "reason": "curious"},
        {"id_number": NUMBER, "reason": "other"},
        {"id_number": NUMBER, "reason": "other", "note": " "},
        {"name": "示小满", "reason": "missing"},
        {"reason": "missing"},
        {"id_number": NUMBER, "reason": "missing", "area": "50"},
    ],
)
async def test_without_a_reason_or_a_child_nothing_opens(registry: Registry, body: Any) -> None:
    far = await registry("police:650102")

    reply = await far.post(URL, json=body, headers={"Idempotency-Key": "k"})

    assert reply.status_code == 422
    assert NUMBER not in reply.text
    assert await registry.system("SELECT 1 FROM break_glass") == []


async def test_who_may_open(registry: Registry) -> None:
    await registered(registry, "residence-permits")
    unscoped = await registry("police:650102", scopes=frozenset({Scope.CHILDREN_READ}))
    unnamed = await registry("police:650102", actor=None)
    job = await registry("police:650102", actor="system:nightly")

    assert [(await open_(c)).status_code for c in (unscoped, unnamed, job)] == [403, 403, 403]
    assert (await job.post(URL, json=WANTED)).status_code == 400
    assert await registry.system("SELECT 1 FROM break_glass") == []


async def test_an_opening_is_its_clients_for_an_hour(registry: Registry) -> None:
    await registered(registry, "residence-permits")
    far = await registry("police:650102")
    other = await registry("police:650103")
    opening = (await open_(far)).json()["id"]

    registry.clock.at += timedelta(minutes=59, seconds=59)
    assert (await far.get(f"{URL}/{opening}")).json()["found"] is True
    assert (await other.get(f"{URL}/{opening}")).status_code == 404
    registry.clock.at += timedelta(seconds=1)
    expired = await far.get(f"{URL}/{opening}")
    assert expired.status_code == 403
    assert expired.json()["type"].endswith("break-glass-expired")
    assert (await open_(far)).status_code == 403


async def test_the_same_request_twice_opens_once(registry: Registry) -> None:
    await registered(registry, "residence-permits")
    far = await registry("police:650102")

    first, second = await open_(far), await open_(far)
    changed = await open_(far, reason="missing")

    assert first.content == second.content
    assert changed.status_code == 422
    assert len(await alerts(registry)) == 1


async def test_a_shielded_childs_places_are_not_told(registry: Registry) -> None:
    child = await registered(registry, "residence-permits")
    await shield(registry, child)
    far = await registry("police:650102")
    here = await registry("civil_affairs:500103")
    home = await registry("civil_affairs:371721")

    reply = await open_(far)

    assert reply.json()["contacts"] == []
    assert '"shielded": true' in (await alerts(registry))[0]["body"]
    assert len((await here.get(URL)).json()["openings"]) == 1
    assert (await home.get(URL)).json()["openings"] == []


async def test_no_office_below_the_county_is_told_of_a_shielded_child_wherever_it_went(
    registry: Registry,
) -> None:
    """Who does not see the child any more does not see that it is shielded, and still must not see where it lived."""
    child = await registered(registry, "residence-permits")
    lives = "UPDATE children SET residence_code = $2 WHERE id = $1"
    await registry.system(lives, child, 500103001000)
    await open_(await registry("police:650102"))
    office = await registry("civil_affairs:500103001")
    county = await registry("civil_affairs:500103")
    assert len((await office.get(URL)).json()["openings"]) == 1
    await shield(registry, child)
    assert (await office.get(URL)).json()["openings"] == []
    await registry.system(lives, child, 500103077000)
    assert (await office.get(URL)).json()["openings"] == []
    assert len((await county.get(URL)).json()["openings"]) == 1


async def test_whom_anybody_shields_later_has_its_openings_told_to_its_home_alone(
    registry: Registry,
) -> None:
    """Who asked, and where, tells the hukou place where the child lives: in the list, and to whoever reviews by the id."""
    child = await registered(registry, "residence-permits")
    lives = "UPDATE children SET residence_code = $2 WHERE id = $1"
    await registry.system(lives, child, 500103001000)
    opening = (await open_(await registry("police:500103"))).json()["id"]
    home, office, here = [
        await registry(f"civil_affairs:{place}") for place in ("371721", "500103001", "500103")
    ]
    for who in (home, office):
        assert len((await who.get(URL)).json()["openings"]) == 1
    await shield(registry, child)
    word = {"verdict": "justified", "reason": "医院来电核实"}
    for who in (home, office):
        assert (await who.get(URL)).json()["openings"] == []
        assert (await who.post(f"{URL}/{opening}/review", json=word)).status_code == 404
    assert len((await here.get(URL)).json()["openings"]) == 1
    assert (await here.post(f"{URL}/{opening}/review", json=word)).status_code == 200


@pytest.mark.parametrize("place", ["500103", "371721"])
async def test_another_person_of_either_place_judges_it_once(
    registry: Registry, place: str
) -> None:
    child = await registered(registry, "residence-permits")
    far = await registry("police:650102")
    opening = (await open_(far)).json()["id"]
    reviewer = await registry(f"civil_affairs:{place}")
    stranger = await registry("civil_affairs:650102")
    word = {"verdict": "justified", "reason": "医院来电核实"}

    (listed,) = (await reviewer.get(URL, params={"reviewed": False})).json()["openings"]
    judged = await reviewer.post(f"{URL}/{opening}/review", json=word)
    again = await reviewer.post(f"{URL}/{opening}/review", json=word)

    assert (listed["id"], listed["child"], listed["note"]) == (opening, str(child), WANTED["note"])
    assert listed["opened_by"]["actor"] == "staff-7"
    assert judged.status_code == 200, judged.text
    assert (judged.json()["verdict"], judged.json()["review"]) == ("justified", word["reason"])
    assert again.status_code == 409
    assert (await reviewer.get(URL, params={"reviewed": False})).json() == {"openings": []}
    assert (await reviewer.get(URL, params={"reviewed": True})).json()["openings"] == [
        judged.json()
    ]
    assert (await stranger.get(URL)).json()["openings"] == []
    assert (await stranger.post(f"{URL}/{opening}/review", json=word)).status_code == 404
    assert (await far.post(f"{URL}/{opening}/review", json=word)).status_code == 403
    assert (await far.get(URL)).status_code == 403


async def test_nobody_judges_their_own_opening(registry: Registry) -> None:
    await registered(registry, "residence-permits")
    opener = await registry("civil_affairs:500103")
    opening = (await open_(opener)).json()["id"]
    word = {"verdict": "justified", "reason": "我自己"}

    mine = await opener.post(f"{URL}/{opening}/review", json=word)
    colleague = await opener.post(
        f"{URL}/{opening}/review", json=word, headers={"Hutong-Actor": "staff-8"}
    )
    blank = await opener.post(f"{URL}/{opening}/review", json={**word, "reason": "  "})

    assert mine.status_code == 403
    assert mine.json()["type"].endswith("second-person-needed")
    assert colleague.status_code == 200
    assert blank.status_code == 422


async def test_the_reviewers_list_is_paged_and_its_cursor_bound(registry: Registry) -> None:
    await registered(registry, "residence-permits")
    far = await registry("police:650102")
    opened = [(await open_(far, f"k-{n}")).json()["id"] for n in range(3)]
    here = await registry("civil_affairs:500103")
    home = await registry("civil_affairs:371721")

    first = (await here.get(URL, params={"limit": 2})).json()
    second = (await here.get(URL, params={"limit": 2, "cursor": first["next"]})).json()
    stolen = await home.get(URL, params={"limit": 2, "cursor": first["next"]})

    assert [o["id"] for o in first["openings"] + second["openings"]] == opened
    assert "next" not in second
    assert stolen.status_code == 400


async def test_the_unreviewed_are_a_metric(registry: Registry) -> None:
    await registered(registry, "residence-permits")
    far = await registry("police:650102")
    for number in range(2):
        opening = (await open_(far, f"k-{number}")).json()["id"]
    reviewer = await registry("civil_affairs:500103")

    assert await unreviewed.count(registry.database) == 2
    word = {"verdict": "unjustified", "reason": "无关人员查询"}
    await reviewer.post(f"{URL}/{opening}/review", json=word)
    assert await unreviewed.count(registry.database) == 1
    assert "hutong_break_glass_unreviewed 1.0" in (await reviewer.get("/metrics")).text


@pytest.fixture
def counted_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unreviewed, "EVERY_SECONDS", 0.05)


async def test_a_served_registry_counts_the_unreviewed_by_itself(
    counted_often: None,  # before the registry is served
    registry: Registry,
) -> None:
    await registered(registry, "residence-permits")
    await open_(await registry("police:650102"))
    reviewer = await registry("civil_affairs:500103")
    unreviewed.UNREVIEWED.set(0)
    async with asyncio.timeout(10):
        while "hutong_break_glass_unreviewed 1.0" not in (await reviewer.get("/metrics")).text:
            await asyncio.sleep(0.05)


async def test_what_people_wrote_is_sealed_and_bound_to_its_row(registry: Registry) -> None:
    await registered(registry, "residence-permits")
    far = await registry("police:650102")
    opening = (await open_(far)).json()["id"]
    reviewer = await registry("civil_affairs:500103")
    word = {"verdict": "justified", "reason": "医院来电核实"}
    await reviewer.post(f"{URL}/{opening}/review", json=word)

    (row,) = await registry.system("SELECT b::text AS text FROM break_glass b")
    for text in (WANTED["note"], word["reason"], NUMBER):
        assert text not in row["text"]
        assert text.encode().hex() not in row["text"]
    await registry.system("UPDATE break_glass SET actor = 'staff-8'")
    changed = await reviewer.get(URL)
    assert changed.status_code == 500
    assert word["reason"] not in changed.text


async def test_row_security_hides_openings_of_other_places(registry: Registry) -> None:
    await registered(registry, "residence-permits")
    await open_(await registry("police:650102"))

    async def seen(low: int, high: int, department: str, client: str = "x") -> int:
        async with registry.database.transaction(Reach(low, high, department, client)) as session:
            return len(await (await raw(session)).fetch("SELECT 1 FROM break_glass"))

    assert await seen(500103000000, 500103999999, "civil_affairs") == 1
    assert await seen(371721000000, 371721999999, "civil_affairs") == 1
    assert await seen(650102000000, 650102999999, "civil_affairs") == 0
    assert await seen(500103000000, 500103999999, "police") == 0


@pytest.mark.parametrize("code", [500000000000, 500100000000, 500103001000])
async def test_a_duty_contact_is_a_countys(registry: Registry, code: int) -> None:
    async with registry.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        with pytest.raises(ValueError, match="county-level"):
            await contacts.put(connection, code, "值班室", "000")


def test_the_examples_share_one_child() -> None:
    """What the other tests here stand on."""
    for feed in ("residence-permits", "assistance"):
        assert example(feed)["child"]["id_number"] == NUMBER
        assert date.fromisoformat(example(feed)["child"]["birth_date"]) == date(2017, 5, 3)
