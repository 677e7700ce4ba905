"""Shielding through the real app: no address anywhere, for anyone, until a person ends it."""

import io
from typing import Any
from uuid import uuid4

import orjson
import pytest
import python_calamine

from services.registry.key_care.ledger import WITHHELD
from shared.vocabulary import Scope
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    NDJSON,
    TOWNSHIP,
    XLSX,
    YUZHONG,
    entries,
    link,
    push,
    survey,
    surveyed,
    the_entry,
    turn,
)

HOME = "渝中区隐匿路九号"
SCHOOL = "渝中隐匿小学"


async def shielded(registry: Registry) -> Any:
    """A shielded child with a home, a school and a township."""
    item = survey(
        YUZHONG,
        residence={"division": TOWNSHIP, "address": HOME, "since": "2025-06-01"},
        hukou={"division": "371721101000", "address": "曹县隐匿村"},
    )
    (child,) = await surveyed(registry, item)
    enrolment = {
        "source_id": str(uuid4()),
        "version": 1,
        "observed_on": "2026-03-01",
        "division": YUZHONG,
        "child": {},
        "event": "enrolled",
        "on": "2025-09-01",
        "school_name": SCHOOL,
        "stage": "primary",
    }
    await link(registry, await push(registry, "education:500103", "enrolments", enrolment), [child])
    reply = await turn(await registry("civil_affairs:500103"), child)
    assert reply.status_code == 200, reply.text
    return child


@pytest.mark.parametrize(
    "who", ["civil_affairs:500103", "civil_affairs:371721", "civil_affairs:50"]
)
async def test_r57_a_shielded_child_has_no_address_anywhere(registry: Registry, who: str) -> None:
    child = await shielded(registry)
    reader = await registry(who)
    place = "hukou" if "371721" in who else "residence"
    path, _ = await the_entry(reader, place=place)

    texts = [
        (await reader.get("/v1/key-care", params={"place": place}, headers=form)).text
        for form in ({}, NDJSON)
    ]
    texts += [(await reader.get(path)).text, (await reader.get(f"/v1/children/{child}")).text]

    for text in texts[:3]:
        assert "隐匿" not in text
        assert TOWNSHIP not in text
        assert "371721101" not in text
        assert '"shielded":true' in text
    assert HOME not in texts[3]
    book = await reader.get("/v1/key-care", params={"place": place}, headers=XLSX)
    _, row = (
        python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book.content))
        .get_sheet_by_index(0)
        .to_python()
    )
    assert (row[5], row[6], row[8]) == (WITHHELD, WITHHELD, "")


async def test_r57_no_staff_id_leads_to_a_shielded_childs_village(registry: Registry) -> None:
    """A post tells where its holder works, so who goes to the child would tell where it lives."""
    child = await shielded(registry)
    civil = await registry("civil_affairs:500103")
    went = {
        "source_id": "V-1",
        "version": 1,
        "observed_on": "2026-03-01",
        "division": YUZHONG,
        "child": {"name": "示童"},
        "kind": "home_visit",
        "channel": "in_person",
        "outcome": "met",
        "visited_on": "2026-02-27",
        "visitor": "child_director",
        "staff": "cd-hidden-7",
    }
    await link(registry, await push(registry, "civil_affairs:500103", "visits", went), [child])

    told = await civil.get(f"/v1/children/{child}")
    assert "cd-hidden-7" not in told.text
    assert [v["kind"] for v in told.json()["visits"]] == ["survey", "home_visit"]
    await turn(civil, child, "unshield")
    assert "cd-hidden-7" in (await civil.get(f"/v1/children/{child}")).text


async def test_the_order_of_a_list_does_not_tell_the_township(registry: Registry) -> None:
    """Entries run by county and random id, so neighbours in the list are not neighbours in town."""
    towns = [f"500103{n:03d}000" for n in range(1, 9)]
    await surveyed(
        registry,
        *(survey(YUZHONG, residence={"division": t, "since": "2025-06-01"}) for t in towns),
    )
    listed = await entries(await registry("civil_affairs:500103"))
    assert [e["id"] for e in listed] == sorted(e["id"] for e in listed)
    assert len(listed) == len(towns)


async def test_shielding_ends_by_a_persons_act_alone(registry: Registry) -> None:
    child = await shielded(registry)
    civil = await registry("civil_affairs:500103")

    again = await turn(civil, child)
    ended = await turn(civil, child, "unshield")
    twice = await turn(civil, child, "unshield")

    assert [r.status_code for r in (again, ended, twice)] == [409, 200, 409]
    (entry,) = await entries(civil)
    assert entry["shielded"] is False
    assert entry["child"]["episodes"][-1]["address"] == HOME
    kinds = [r["kind"] for r in await registry.system("SELECT kind FROM decisions ORDER BY id")]
    assert kinds == ["shield", "unshield"]


@pytest.mark.parametrize(
    ("who", "scopes", "status"),
    [
        ("civil_affairs:371721", None, 200),
        ("civil_affairs:500101", None, 404),
        ("civil_affairs:500103", {Scope.KEY_CARE_WRITE}, 403),
        ("police:500103", None, 403),
        ("education:500103", None, 403),
    ],
)
async def test_only_civil_affairs_of_the_childs_places_shields(
    registry: Registry, who: str, scopes: set[Scope] | None, status: int
) -> None:
    (child,) = await surveyed(registry)
    client = await registry(who, scopes=frozenset(scopes) if scopes else None)
    assert (await turn(client, child)).status_code == status


async def test_a_shielding_is_asked_for_once(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    body = {"reason": "other", "note": "例说明"}
    path = f"/v1/children/{child}/shield"
    key = {"Idempotency-Key": "s-1"}

    first = await civil.post(path, json=body, headers=key)
    again = await civil.post(path, json=body, headers=key)
    other = await civil.post(path, json={"reason": "court_order"}, headers=key)
    missing = await civil.post(path, json=body)
    mute = await civil.post(path, json={"reason": "other"}, headers=key)

    assert [r.status_code for r in (first, again, other, missing, mute)] == [
        200,
        200,
        422,
        400,
        422,
    ]
    assert orjson.loads(first.content) == again.json()
    rows = await registry.system(
        "SELECT subjects FROM audit_entries WHERE operation = 'children.shield'"
    )
    assert [r["subjects"] for r in rows] == [[child]]
