"""Duties through the real app: folded with the child, listed by place, routed to posts, discharged by visits."""

import itertools
import os
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx

from services.registry.children.rebuilding import verify
from services.registry.children.turning import turn_batch
from services.registry.duties import queries
from services.registry.duties.queries import Question
from services.registry.duties.terms import DutyState
from services.registry.identity import clients
from shared import divisions
from shared.auth import Caller
from shared.clock import today
from shared.database import SYSTEM, enter, raw
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    XLSX,
    YUZHONG,
    fold,
    link,
    opened,
    push,
    survey,
    surveyed,
    turn,
)

VILLAGE, STREET = "500103001001", "500103001000"
TIANMEN_VILLAGE = "429006001001"
BAOTOU = "150203000000"
_numbers = itertools.count(1)


def visit(place: str = YUZHONG, **more: Any) -> dict[str, Any]:
    """A home visit that found nothing."""
    number = next(_numbers)
    item = {
        "source_id": f"V-{number}",
        "version": 1,
        "observed_on": "2026-03-01",
        "division": place,
        "child": {"name": "示童"},
        "kind": "home_visit",
        "channel": "in_person",
        "outcome": "met",
        "visited_on": "2026-02-27",
        "visitor": "child_director",
        "staff": "cd-7",
    }
    return {**item, **more}


async def visited(registry: Registry, child: UUID, *items: dict[str, Any], by: str = "") -> None:
    for item in items:
        who = by or f"civil_affairs:{item['division'][:6]}"
        await link(registry, await push(registry, who, "visits", item), [child])


async def duties(client: httpx.AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    reply = await client.get("/v1/duties", params=filters)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["duties"]
    return found


async def the_duty(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    (found,) = await duties(client, duty=name)
    return found


async def on(registry: Registry, day: str) -> None:
    """The daily clock of a later day, and the folds that it asks for."""
    registry.clock.at = datetime.fromisoformat(f"{day}T04:00:00+00:00").astimezone(UTC)
    async with registry.database.transaction(SYSTEM) as session:
        kit, day = registry.app.state.kit, today(registry.clock)
        await turn_batch(session, kit, 500, day, registry.clock.now())
    await fold(registry)


async def proven(registry: Registry) -> None:
    """A rebuild would make exactly these rows."""
    found = [d async for d in verify(registry.database, registry.app.state.kit)]
    assert found == []


def lived(place: str, **more: Any) -> dict[str, Any]:
    home = {"division": place, "address": "示例路1号", "since": "2025-06-01"}
    return survey(f"{place[:6]}000000", residence=home, **more)


async def enrol(registry: Registry, child: UUID, place: str) -> None:
    """A third grader of a school in this county, who lives in Baotou."""
    enrolled = {
        "source_id": f"E-{next(_numbers)}",
        "version": 1,
        "observed_on": "2026-03-01",
        "division": place,
        "child": {"name": "示童"},
        "event": "enrolled",
        "on": "2025-09-01",
        "stage": "primary",
        "grade": "三年级",
        "residence": {"division": BAOTOU, "since": "2025-06-01"},
    }
    who = f"education:{place[:6]}"
    await link(registry, await push(registry, who, "enrolments", enrolled), [child])


async def test_r7_a_stale_survey_is_overdue_on_its_day_and_a_new_one_discharges_it(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    duty = await the_duty(civil, "survey")
    assert (duty["state"], duty["due_on"]) == ("pending", "2026-06-01")
    assert duty["clause"].endswith("二(一)1")
    assert duty["child"]["id"] == str(child)

    await on(registry, "2026-06-01")
    assert (await the_duty(civil, "survey"))["state"] == "pending"
    await on(registry, "2026-06-02")
    assert (await the_duty(civil, "survey"))["state"] == "overdue"
    await proven(registry)

    again = survey(surveyed_on="2026-06-02", observed_on="2026-06-02")
    await link(registry, await push(registry, "civil_affairs:500103", "surveys", again), [child])
    duty = await the_duty(civil, "survey")
    assert (duty["state"], duty["due_on"]) == ("pending", "2026-09-02")
    assert duty["last_done_on"] == "2026-06-02"


async def test_r18_key_care_without_an_interval_stands_on_the_red_list(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    assert await duties(civil, state="interval_not_configured") == []

    await opened(civil, child)

    (red,) = await duties(civil, state="interval_not_configured")
    assert red["duty"] == "key_care_home_visit" and "due_on" not in red
    assert red["wording"] == "定期走访探视" and red["missing"] == ["period"]
    await proven(registry)


async def test_r18_what_is_overdue_rises_and_a_vacant_post_is_passed_over_at_once(
    registry: Registry,
) -> None:
    from tests.registry.test_posts import filled, made, vacate

    await surveyed(registry, lived(TIANMEN_VILLAGE, living_security={}))
    civil = await registry("civil_affairs:429006")

    async def responsible() -> tuple[str, list[str]]:
        found = (await the_duty(civil, "migrant_home_visit"))["responsible"]
        return found["step"], found.get("vacant", [])

    assert await responsible() == ("county", ["child_director", "child_supervisor"])
    await filled(civil, await made(civil, "child_supervisor", "429006001000"))
    assert await responsible() == ("township", ["child_director"])
    director = await made(civil, "child_director", TIANMEN_VILLAGE)
    await filled(civil, director)
    assert await responsible() == ("village", [])
    await vacate(civil, director)
    assert await responsible() == ("township", ["child_director"])
    await filled(civil, director, on="2026-03-02")

    # Surveyed at home on 1 March, so due on 1 June.
    for day, step in (
        ("2026-06-01", "village"),
        ("2026-06-08", "village"),
        ("2026-06-09", "township"),
        ("2026-06-16", "county"),
    ):
        await on(registry, day)
        assert (await responsible())[0] == step, day
    await proven(registry)


async def test_r18_a_duty_is_touched_on_its_days_alone(registry: Registry) -> None:
    await surveyed(registry, lived(TIANMEN_VILLAGE, living_security={}))
    days = []
    for _ in range(5):
        (row,) = await registry.system("SELECT next_change_on FROM children")
        days.append(row["next_change_on"].isoformat())
        await on(registry, days[-1])
    # Home visit overdue, at the township, at the county; survey overdue, at the township.
    assert days == ["2026-06-02", "2026-06-09", "2026-06-16", "2026-09-02", "2026-09-09"]


async def test_r18_nobody_is_told_of_visits_and_days_of_duty(registry: Registry) -> None:
    (child,) = await surveyed(registry, lived(TIANMEN_VILLAGE, living_security={}))
    told = "SELECT count(*) FROM outbox"
    before = (await registry.system(told))[0][0]
    await visited(registry, child, visit("429006000000"))
    await on(registry, "2026-06-02")
    assert (await registry.system(told))[0][0] == before
    (row,) = await registry.system("SELECT child_seq FROM children")
    assert row["child_seq"] > 1


async def test_r18_lists_are_filtered_paged_and_kept_to_the_place(registry: Registry) -> None:
    await surveyed(registry, *(lived(VILLAGE, living_security={}) for _ in range(5)))
    await surveyed(registry, lived("500103002002", living_security={}, surveyed_on="2026-01-10"))
    civil = await registry("civil_affairs:500103")

    every = await duties(civil)
    assert [d["due_on"] for d in every] == ["2026-04-10", *(["2026-06-01"] * 5)]
    assert len(await duties(civil, within=STREET)) == 5
    assert len(await duties(civil, due_before="2026-06-01")) == 1
    assert await duties(civil, state="overdue") == []
    assert await duties(await registry("civil_affairs:500107")) == []
    assert await duties(await registry("civil_affairs:500103"), within="500107") == []

    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        body = (await civil.get("/v1/duties", params=params)).json()
        seen += [d["id"] for d in body["duties"]]
        if (cursor := body.get("next")) is None:
            break
    assert seen == [d["id"] for d in every]


async def test_r18_departments_see_their_own_duties_for_their_own_purpose(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, lived(BAOTOU, living_security={}))
    await enrol(registry, child, BAOTOU)
    school = await registry("education:150203", purpose="service")
    civil = await registry("civil_affairs:150203")

    assert {d["duty"] for d in await duties(school)} == {
        "school_home_visit",
        "psychological_screening",
    }
    assert {d["duty"] for d in await duties(civil)} >= {"survey", "school_home_visit"}
    assert {d["responsible"]["step"] for d in await duties(school)} == {"county"}
    for purpose in ("verification", "statistics"):
        refused = await (await registry("education:150203", purpose=purpose)).get("/v1/duties")
        assert refused.status_code == 403

    test = visit(BAOTOU, kind="screening", visited_on="2026-02-20")
    await visited(registry, child, test, by="education:150203")
    (done,) = await duties(school, duty="psychological_screening")
    assert (done["state"], done["due_on"]) == ("pending", "2027-12-31")
    of_school = (await school.get(f"/v1/children/{child}")).json()
    assert [v["kind"] for v in of_school["visits"]] == ["screening"]
    assert {d["department"] for d in of_school["duties"]} == {"education"}
    of_civil = (await civil.get(f"/v1/children/{child}")).json()
    assert [v["kind"] for v in of_civil["visits"]] == ["survey", "screening"]


async def test_r57_a_shielded_child_is_in_no_list_below_its_county(registry: Registry) -> None:
    (child,) = await surveyed(registry, lived(VILLAGE, living_security={}))
    civil = await registry("civil_affairs:500103")
    await turn(civil, child)

    (duty,) = await duties(civil)
    assert duty["division"] == YUZHONG and duty["shielded"]
    assert duty["responsible"] == {"step": "county", "division": YUZHONG}
    assert await duties(civil, within=STREET) == []
    assert await duties(civil, within=VILLAGE) == []
    counted = await civil.get("/v1/duties/completion", params={"by": "village"})
    assert counted.json()["places"] == []
    counted = await civil.get("/v1/duties/completion", params={"by": "county"})
    assert counted.json()["places"][0]["owed"] == 1


async def test_r7_completion_counts_what_was_done_in_a_period(registry: Registry) -> None:
    await surveyed(
        registry,
        lived(VILLAGE, living_security={}),
        lived(VILLAGE, living_security={}, surveyed_on="2025-12-20"),
        lived("500103002002", living_security={}, surveyed_on="2025-10-20"),
    )
    civil = await registry("civil_affairs:500103")

    async def counted(**asked: str) -> list[tuple[Any, ...]]:
        reply = await civil.get("/v1/duties/completion", params=asked)
        assert reply.status_code == 200, reply.text
        places = reply.json()["places"]
        return [(p["division"], p["owed"], p["done"], p["overdue"]) for p in places]

    assert await counted() == [(YUZHONG, 3, 1, 1)]
    assert await counted(since="2025-12-01", until="2025-12-31") == [(YUZHONG, 3, 1, 1)]
    assert await counted(by="township") == [(STREET, 2, 1, 0), ("500103002000", 1, 0, 1)]
    assert await counted(by="village", within=STREET) == [(VILLAGE, 2, 1, 0)]


async def test_r16_the_ledger_tells_what_was_done_for_the_child(registry: Registry) -> None:
    import io

    import python_calamine

    (child,) = await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    await visited(
        registry,
        child,
        visit(kind="contact", channel="phone", visited_on="2026-02-20"),
        visit(outcome="not_met"),
    )
    reply = await civil.get("/v1/key-care", headers=XLSX)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(reply.content))
    _, row = book.get_sheet_by_index(0).to_python()
    assert row[13] == "2026-03-01摸底排查；2026-02-20联系（电话）"


async def test_r18_handing_over_between_counties_keeps_the_clock(registry: Registry) -> None:
    """Two departments place the child in the next county of Baotou: the monthly contact stays due on its day."""
    (child,) = await surveyed(registry, lived(BAOTOU, living_security={}))
    here = await registry("civil_affairs:150203")
    await opened(here, child)
    before = await the_duty(here, "key_care_contact")

    registry.clock.at = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
    home = {"division": "150204000000", "since": "2026-03-15"}
    moved = survey("150204000000", residence=home, living_security={}, channel="self_declaration")
    await link(registry, await push(registry, "civil_affairs:150204", "surveys", moved), [child])
    permit = {
        "source_id": "P-1",
        "version": 1,
        "observed_on": "2026-03-18",
        "division": "150204000000",
        "child": {"name": "示童"},
        "event": "registered",
        "role": "accompanying",
        "registered_on": "2026-03-15",
        "residence": home,
    }
    await link(
        registry, await push(registry, "police:150204", "residence-permits", permit), [child]
    )

    there = await registry("civil_affairs:150204")
    after = await the_duty(there, "key_care_contact")
    assert after["last_done_on"] == before["last_done_on"] == "2026-03-01"
    assert (after["due_on"], after["begun_on"]) == (before["due_on"], before["begun_on"])
    assert await duties(here, duty="key_care_contact") == []
    await proven(registry)


async def test_r18_another_county_does_no_duty_of_the_childs_home(registry: Registry) -> None:
    """Whoever knows the child's number can push a survey or a visit; the home's duty stays due all the same."""
    (child,) = await surveyed(registry, lived(TIANMEN_VILLAGE, living_security={}))
    civil = await registry("civil_affairs:429006")
    await opened(civil, child)
    before = {d["duty"]: (d["due_on"], d.get("last_done_on")) for d in await duties(civil)}

    registry.clock.at = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
    foreign = survey("500107000000", living_security={}, surveyed_on="2026-03-15")
    await link(registry, await push(registry, "civil_affairs:500107", "surveys", foreign), [child])
    kinds = ("home_visit", "contact")
    items = [visit("500107000000", kind=kind, visited_on="2026-03-16") for kind in kinds]
    await visited(registry, child, *items)

    assert {d["duty"]: (d["due_on"], d.get("last_done_on")) for d in await duties(civil)} == before
    await proven(registry)


async def test_r18_a_school_elsewhere_counts_where_it_has_the_child_enrolled(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, lived(BAOTOU, living_security={}))
    await enrol(registry, child, BAOTOU)
    school = await registry("education:150203", purpose="service")

    async def done() -> str | None:
        (found,) = await duties(school, duty="psychological_screening")
        return found.get("last_done_on")

    test = visit("150204000000", kind="screening", visited_on="2026-02-20")
    await visited(registry, child, test, by="education:150204")
    assert await done() is None
    await enrol(registry, child, "150204000000")
    assert await done() == "2026-02-20"
    await proven(registry)


#: ``HUTONG_PLAN_ROWS=1000000`` proves the plans at a million children (about a minute).
PLAN_ROWS = int(os.environ.get("HUTONG_PLAN_ROWS", "20000"))


async def test_r18_lists_run_over_an_index_range(registry: Registry) -> None:
    await registry.system(
        "INSERT INTO children (id, child_seq, sex, residence_code, hukou_code, residence_stated_by,"
        " hukou_stated_by, status, decision, shielded, entries, digest, sealed, folded_on, registered_at,"
        " changed_at)"
        " SELECT gen_random_uuid(), 1, 'male', 500101000000 + (n % 30) * 1000000 + n % 40 * 1000 + n % 7,"
        " 371721000000, '{civil_affairs}', '{police}', 'migrant', '{}', false, 1, '',"
        " decode(repeat('00', 200), 'hex'), '2026-03-01', now(), now() FROM generate_series(1, $1) n",
        PLAN_ROWS,
    )
    await registry.system(
        "INSERT INTO vault.data_keys (id, master, wrapped) SELECT id, 1, '\\x00' FROM children"
    )
    await registry.system(
        "INSERT INTO duties (id, child_id, duty, department, population, state, step, begun_on, due_on,"
        " done_on, residence_code, hukou_code, residence_stated_by, hukou_stated_by, detail)"
        " SELECT gen_random_uuid(), id, 'survey', 'civil_affairs', 'migrant',"
        " CASE WHEN random() < 0.02 THEN 'overdue' ELSE 'pending' END, 'village', '2026-01-01',"
        " '2026-01-01'::date + (random() * 300)::int, '{}', residence_code, hukou_code,"
        " residence_stated_by, hukou_stated_by, '{}' FROM children"
    )
    await registry.system("ANALYZE children, duties, vault.data_keys")
    cases = (
        ("civil_affairs:500103", Question(), "duties_residence"),
        ("civil_affairs:50", Question(due_before=date(2026, 3, 1)), "duties_residence"),
        ("civil_affairs:50", Question(state=DutyState.OVERDUE), "duties_overdue"),
        (
            "civil_affairs:500103",
            Question(area=divisions.area_of(500103001000), fine=True),
            "duties_place",
        ),
    )
    for who, question, index in cases:
        civil = await registry(who)
        async with registry.database.transaction(SYSTEM) as session:
            name = civil.auth.client_id  # type: ignore[union-attr]
            caller = Caller(clients.grant_of(await clients.named(session, name)), "a", "key_care")
            await enter(session, caller.reach)
            connection = await raw(session)
            asked = queries.Asked.of(caller, question, queries.START, 101)
            if asked.in_order:
                await connection.execute(queries.IN_INDEX_ORDER)
            (plan,) = await connection.fetchrow(
                "EXPLAIN (FORMAT JSON) " + asked.statement, *asked.values
            )
            text = str(plan)
            assert "Seq Scan" not in text, text
            assert f"'Index Name': '{index}'" in text, text
