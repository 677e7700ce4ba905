"""Deciding on key care through the real app: who may, in which state, on which version, once."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.children import rebuilding
from services.registry.key_care import deciding
from services.registry.key_care.settling import ALLOWED
from services.registry.key_care.terms import DecisionKind
from services.registry.records.resolving import take
from shared.database import SYSTEM, raw
from shared.sealing import Unsealable
from shared.vocabulary import Scope
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    CAO,
    TIANMEN,
    YUZHONG,
    decide,
    decision,
    entries,
    fold,
    link,
    opened,
    push,
    survey,
    surveyed,
    the_entry,
)


async def state_of(client: httpx.AsyncClient, path: str) -> str:
    reply = await client.get(path)
    assert reply.status_code == 200, reply.text
    state: str = reply.json()["state"]
    return state


async def test_a_decision_answers_with_the_entry_as_it_is_now(registry: Registry) -> None:
    await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    path, etag = await the_entry(civil)

    reply = await civil.post(
        f"{path}/decisions",
        json=decision("confirm", note="入户核实属实"),
        headers={"If-Match": etag},
    )

    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert body["state"] == "confirmed"
    (made,) = body["decisions"]
    assert (made["decision"], made["reason"], made["note"], made["actor"]) == (
        "confirm",
        "verified",
        "入户核实属实",
        "staff-7",
    )
    again = await civil.get(path)
    assert again.content == reply.content
    assert again.headers["ETag"] == reply.headers["ETag"] != etag


async def test_the_fold_queue_is_clear_and_a_rebuild_reproduces_what_was_decided(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    path, _ = await the_entry(civil)
    await decide(civil, path, "confirm")

    assert await registry.system("SELECT 1 FROM fold_queue") == []
    faults = [d async for d in rebuilding.verify(registry.database, registry.app.state.kit)]
    assert faults == []
    (event,) = await registry.system("SELECT type, subject FROM outbox ORDER BY id DESC LIMIT 1")
    assert (event["type"], event["subject"]) == ("key_care.changed", child)


REACH = {
    "proposed": [],
    "confirmed": ["confirm"],
    "refused": ["refuse"],
    "closed": ["confirm", "close"],
}


@pytest.mark.parametrize("state", REACH)
async def test_each_state_takes_its_own_decisions_and_no_other(
    registry: Registry, state: str
) -> None:
    await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    path, _ = await the_entry(civil)
    for step in REACH[state]:
        assert (await decide(civil, path, step)).status_code == 200
    assert await state_of(civil, path) == state

    for kind in DecisionKind:
        if kind not in ALLOWED[state]:
            assert (await decide(civil, path, kind)).status_code == 409
    for kind in ALLOWED[state][:1]:
        reply = await decide(civil, path, kind)
        assert reply.status_code == 200, reply.text


async def test_without_the_version_nothing_is_decided(registry: Registry) -> None:
    await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    path, etag = await the_entry(civil)
    body = decision("confirm")

    missing = await civil.post(f"{path}/decisions", json=body)
    stale = await civil.post(f"{path}/decisions", json=body, headers={"If-Match": '"0"'})
    weak = await civil.post(f"{path}/decisions", json=body, headers={"If-Match": f"W/{etag}"})

    assert [r.status_code for r in (missing, stale, weak)] == [428, 412, 412]
    assert await registry.system("SELECT 1 FROM decisions") == []


async def test_of_fifty_racing_writers_one_wins_each_version(registry: Registry) -> None:
    await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    path, etag = await the_entry(civil)

    async def write(number: int) -> httpx.Response:
        kind = "confirm" if number % 2 else "refuse"
        return await civil.post(
            f"{path}/decisions", json=decision(kind), headers={"If-Match": etag}
        )

    replies = await asyncio.gather(*(write(n) for n in range(50)))

    assert Counter(r.status_code for r in replies) == {200: 1, 412: 49}
    assert len(await registry.system("SELECT 1 FROM decisions")) == 1
    (row,) = await registry.system("SELECT child_seq FROM children")
    assert row["child_seq"] == 2


async def test_a_fold_under_way_is_waited_for_and_not_overwritten(registry: Registry) -> None:
    """The worker holds the child; the decision comes after it and stands."""
    (child,) = await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    path, etag = await the_entry(civil)
    async with registry.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await connection.execute("INSERT INTO fold_queue (child_id, wanted) VALUES ($1, 1)", child)
        waiting = asyncio.create_task(
            civil.post(f"{path}/decisions", json=decision("confirm"), headers={"If-Match": etag})
        )
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await connection.execute("DELETE FROM fold_queue")

    assert (await waiting).status_code == 200
    await fold(registry)
    assert await state_of(civil, path) == "confirmed"


@pytest.mark.parametrize(
    ("who", "scopes", "status"),
    [
        ("civil_affairs:500103", None, 200),
        ("civil_affairs:371721", None, 200),
        ("civil_affairs:50", None, 200),
        ("civil_affairs:500101", None, 404),
        ("civil_affairs:500103", {Scope.KEY_CARE_READ}, 403),
        ("disabled_federation:500103", None, 403),
        ("police:500103", None, 403),
    ],
)
async def test_only_civil_affairs_of_the_childs_places_decides(
    registry: Registry, who: str, scopes: set[Scope] | None, status: int
) -> None:
    await surveyed(registry)
    path, etag = await the_entry(await registry("civil_affairs:500103"))
    if who == "civil_affairs:371721":
        path, etag = await the_entry(await registry(who), place="hukou")
    client = await registry(who, scopes=frozenset(scopes) if scopes else None)

    reply = await client.post(
        f"{path}/decisions", json=decision("confirm"), headers={"If-Match": etag}
    )

    assert reply.status_code == status, reply.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (decision("confirm", reason="relieved"), "/body/reason"),
        (decision("confirm", reason="other"), "/body/note"),
        (decision("confirm", reason="other", note="  "), "/body/note"),
        (decision("confirm", note="字" * 2001), "/body/note"),
        (decision("confirm", note="\x00"), "/body/note"),
        (decision("confirm", reason="赵钱孙李"), "/body/reason"),
        ({**decision("confirm"), "decision": "keep"}, "/body/decision"),
    ],
)
async def test_r15_a_decision_gives_a_reason_that_fits(
    registry: Registry, body: dict[str, Any], pointer: str
) -> None:
    civil = await registry("civil_affairs:500103")

    reply = await civil.post(
        f"/v1/key-care/{uuid4()}/decisions", json=body, headers={"If-Match": '"0"'}
    )

    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == pointer
    assert "赵钱孙李" not in reply.text


async def test_a_note_is_sealed_and_bound_to_its_decision(registry: Registry) -> None:
    await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    path, _ = await the_entry(civil)
    await decide(civil, path, "confirm", note="只有民政可读")

    (row,) = await registry.system(
        "SELECT d.*, k.master, k.wrapped FROM decisions d JOIN vault.data_keys k ON k.id = d.id"
    )
    sealer = registry.app.state.kit.sealer
    assert "只有民政可读".encode() not in row["sealed"]
    assert deciding.note_of(sealer, row) == "只有民政可读"
    for column, other in (
        ("kind", "refuse"),
        ("category", "vagrancy"),
        ("actor", "x"),
        ("basis", []),
    ):
        with pytest.raises(Unsealable):
            deciding.note_of(sealer, {**row, column: other})
    survey_reader = await registry("civil_affairs:500103", purpose="survey")
    assert "note" not in (await survey_reader.get(path)).json()["decisions"][0]


async def test_evidence_that_is_recalled_turns_a_confirmed_entry_into_a_review(
    registry: Registry,
) -> None:
    item = survey()
    (child,) = await surveyed(registry, item)
    await link(
        registry,
        await push(registry, "civil_affairs:500103", "surveys", survey(living_security={})),
        [child],
    )
    civil = await registry("civil_affairs:500103")
    path, _ = await the_entry(civil)
    await decide(civil, path, "confirm")

    await civil.post("/v1/surveys/recalls", json={"source_ids": [item["source_id"]]})
    rows = await registry.system("SELECT entry_id FROM records WHERE kind = 1")
    # Matching answers a recall with an entry that speaks of nobody.
    async with registry.database.transaction(SYSTEM) as session:
        await take(
            await raw(session),
            [{"entry": str(rows[0]["entry_id"]), "grade": "none", "link_seq": 10**9}],
            registry.app.state.kit.audit,
        )
    await fold(registry)

    assert await state_of(civil, path) == "under_review"
    assert (await decide(civil, path, "close")).json()["state"] == "closed"


async def test_new_evidence_after_a_closing_proposes_anew(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    path, _ = await the_entry(civil)
    await decide(civil, path, "confirm")
    await decide(civil, path, "close")
    await fold(registry)
    assert await state_of(civil, path) == "closed"

    registry.clock.at = registry.clock.at.replace(day=3)
    records = await push(registry, "civil_affairs:500103", "surveys", survey())
    await link(registry, records, [child])

    assert await state_of(civil, path) == "proposed"
    assert [d["decision"] for d in (await civil.get(path)).json()["decisions"]] == [
        "confirm",
        "close",
    ]


async def test_a_decision_follows_its_evidence_to_another_child(registry: Registry) -> None:
    """Two children turn out to be one: the decision made on the first stands on the second."""
    _, second = await surveyed(registry, survey(), survey(living_security={}))
    civil = await registry("civil_affairs:500103")
    path, _ = await the_entry(civil)
    await decide(civil, path, "confirm")

    records = await registry.system("SELECT id FROM records")
    await link(registry, [r["id"] for r in records], [second] * len(records))

    (entry,) = await entries(civil)
    assert entry["child"]["id"] == str(second)
    assert entry["state"] == "confirmed"
    assert (await civil.get(path)).status_code == 404


@pytest.mark.parametrize("place", [YUZHONG, "110101000000"], ids=["profile", "no profile"])
async def test_r3_key_care_opens_by_hand_migrant_or_not(registry: Registry, place: str) -> None:
    (child,) = await surveyed(
        registry, survey(place, hukou={"division": place}, living_security={})
    )
    civil = await registry(f"civil_affairs:{place[:6]}")
    assert await entries(civil) == []

    path = await opened(civil, child, "psychological_behavioural", note="教师报告")

    body = (await civil.get(path)).json()
    assert (body["category"], body["state"]) == ("psychological_behavioural", "confirmed")
    assert body["child"]["status"]["status"] in ("not_cross_county", "cannot_tell")
    assert body["decisions"][0]["decision"] == "open"
    assert [e["id"] for e in await entries(civil, state="confirmed")] == [body["id"]]


async def test_what_is_current_is_not_opened_again_and_what_is_closed_is(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    path, _ = await the_entry(civil)
    body = {"child_id": str(child), "category": "family_hardship", "reason": "reported"}

    current = await civil.post("/v1/key-care", json=body, headers={"Idempotency-Key": "k1"})
    await decide(civil, path, "refuse")
    closed = await civil.post("/v1/key-care", json=body, headers={"Idempotency-Key": "k1"})

    assert (current.status_code, closed.status_code) == (409, 201)
    assert closed.headers["Location"] == path
    assert await state_of(civil, path) == "confirmed"


async def test_a_child_of_elsewhere_is_not_there_to_be_opened(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    stranger = await registry("civil_affairs:500101")

    async def attempt(who: UUID) -> httpx.Response:
        return await stranger.post(
            "/v1/key-care",
            json={"child_id": str(who), "category": "vagrancy", "reason": "reported"},
            headers={"Idempotency-Key": str(uuid4())},
        )

    foreign, absent = await attempt(child), await attempt(uuid4())
    assert (foreign.status_code, foreign.content) == (404, absent.content)
    assert await registry.system("SELECT 1 FROM idempotency_keys") == []


async def test_an_idempotency_key_has_one_effect_and_one_reply(registry: Registry) -> None:
    one, two = await surveyed(registry, survey(living_security={}), survey(living_security={}))
    civil = await registry("civil_affairs:500103")
    other = await registry("civil_affairs:50")

    async def ask(
        client: httpx.AsyncClient, child: UUID, note: str = "", **headers: str
    ) -> httpx.Response:
        body = {"child_id": str(child), "category": "vagrancy", "reason": "reported", "note": note}
        return await client.post("/v1/key-care", json=body, headers=headers)

    key = {"Idempotency-Key": "a-1"}
    first = await ask(civil, one, "例街口", **key)
    again = await ask(civil, one, "例街口", **key)
    reused = await ask(civil, two, "例街口", **key)
    reworded = await ask(civil, one, "另一处", **key)
    missing = await ask(civil, two)
    foreign = await ask(other, two, **key)

    assert [r.status_code for r in (first, again, reused, reworded, missing, foreign)] == [
        201, 201, 422, 422, 400, 201,
    ]  # fmt: skip
    assert first.content == again.content
    assert first.headers["Location"] == again.headers["Location"]
    assert len(await registry.system("SELECT 1 FROM decisions")) == 2
    kept = await registry.system(
        "SELECT operation || encode(fingerprint, 'escape') || made::text AS text FROM idempotency_keys"
    )
    assert not any("例街口" in row["text"] or "vagrancy" in row["text"] for row in kept)


async def test_equal_requests_at_once_have_one_effect(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    civil = await registry("civil_affairs:500103")
    body = {"child_id": str(child), "category": "vagrancy", "reason": "reported"}

    async def ask() -> httpx.Response:
        return await civil.post("/v1/key-care", json=body, headers={"Idempotency-Key": "a-1"})

    async with registry.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await connection.execute("INSERT INTO fold_queue (child_id, wanted) VALUES ($1, 1)", child)
        first = asyncio.create_task(ask())
        await asyncio.sleep(0.3)
        in_flight = await ask()
        await connection.execute("DELETE FROM fold_queue")
    made = await first
    replies = await asyncio.gather(*(ask() for _ in range(20)))

    assert in_flight.status_code == 409
    assert in_flight.json()["type"].endswith("idempotency-key-in-flight")
    assert made.status_code == 201
    assert {r.content for r in replies if r.status_code == 201} <= {made.content}
    assert {r.status_code for r in replies} <= {201, 409}
    assert len(await registry.system("SELECT 1 FROM decisions")) == 1


async def test_acts_are_audited_with_their_child(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(TIANMEN, hukou={"division": CAO}))
    civil = await registry("civil_affairs:429006")
    path, _ = await the_entry(civil)
    await decide(civil, path, "confirm")
    await opened(civil, child)

    rows = await registry.system(
        "SELECT operation, subjects FROM audit_entries"
        " WHERE operation IN ('key_care.decide', 'key_care.open') ORDER BY id"
    )
    assert [(r["operation"], r["subjects"]) for r in rows] == [
        ("key_care.decide", [child]),
        ("key_care.open", [child]),
    ]
