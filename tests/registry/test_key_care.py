"""Reading key care through the real app: who sees which entries, page by page, and that every page is audited."""

import asyncio
import os
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.registry.access.matrix import matrix
from services.registry.identity import clients
from services.registry.key_care import queries
from services.registry.key_care.queries import START, Question
from services.registry.key_care.schemas import EntriesOut, EntryOut
from services.registry.key_care.terms import CATEGORY_TITLES, REASONS, Category, DecisionKind, Place
from shared.database import SYSTEM, enter, raw
from shared.vocabulary import Purpose
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    NDJSON,
    TIANMEN,
    XLSX,
    dropout,
    entries,
    link,
    push,
    survey,
    surveyed,
    the_entry,
)

# fmt: off
ANNEX_1 = [
    "序号", "儿童姓名", "性别", "年龄", "身份证号", "户籍地址", "现居住地", "重点关爱服务对象困境类型",
    "就读学校/年级", "监护人姓名", "与监护人关系", "监护人联系方式", "基本情况概述", "关爱服务活动", "备注",
]
# fmt: on


def test_the_lists_agree_with_the_matrix_and_each_other() -> None:
    assert set(Category) == set(matrix()["categories"]) == set(CATEGORY_TITLES)
    assert set(REASONS) == set(DecisionKind)


async def test_r15_evidence_in_a_record_proposes_an_entry_that_both_places_see(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry)

    here = await entries(await registry("civil_affairs:500103"))
    there = await entries(await registry("civil_affairs:371721"), place="hukou")
    elsewhere = await entries(await registry("civil_affairs:500101"))

    (entry,) = here
    assert entry["child"]["id"] == str(child)
    assert (entry["category"], entry["state"]) == ("family_hardship", "proposed")
    assert entry["child"]["guardians"][0]["phone"] == "14200000001"
    assert entry["clause"].endswith("二(一)3")
    assert [e["id"] for e in there] == [entry["id"]]
    assert elsewhere == []
    assert await entries(await registry("civil_affairs:371721"), place="residence") == []


async def test_a_page_fits_its_schema_and_the_stream_says_the_same(registry: Registry) -> None:
    await surveyed(registry, *(survey() for _ in range(5)))
    civil = await registry("civil_affairs:500103")

    page = (await civil.get("/v1/key-care")).json()
    stream = await civil.get("/v1/key-care", headers=NDJSON)

    for entry in page["entries"]:
        known = EntryOut.model_validate(entry).model_dump(mode="json", exclude_none=True)
        assert known == entry
    EntriesOut.model_validate(page)
    *lines, end = stream.text.splitlines()
    assert [orjson.loads(line) for line in lines] == page["entries"]
    assert orjson.loads(end) == {"end": "complete"}
    assert stream.headers["content-type"] == "application/x-ndjson"


async def test_filters_by_category_state_status_and_place(registry: Registry) -> None:
    await surveyed(registry, survey(), survey(living_security={"vagrant": True}))
    civil = await registry("civil_affairs:500103")

    async def count(**filters: str) -> int:
        return len(await entries(civil, **filters))

    assert await count(category="vagrancy") == 1
    assert await count(category="disability") == 0
    assert await count(state="proposed") == 2
    assert await count(state="closed") == 0
    assert await count(status="migrant") == 2
    assert await count(status="aged_out") == 0
    assert await count(place="hukou") == 0
    assert (await civil.get("/v1/key-care", params={"category": "any"})).status_code == 422


async def test_pages_meet_no_entry_twice_and_miss_none(registry: Registry) -> None:
    await surveyed(registry, *(survey() for _ in range(7)))
    civil = await registry("civil_affairs:500103")
    whole = await entries(civil)

    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await civil.get("/v1/key-care", params={"limit": 2, **cursor})).json()
        found += [e["id"] for e in page["entries"]]
        if "next" not in page:
            break
        cursor = {"cursor": page["next"]}

    assert found == [e["id"] for e in whole]
    assert len(set(found)) == 7


async def test_a_cursor_is_good_for_its_client_and_question_alone(registry: Registry) -> None:
    await surveyed(registry, survey(), survey())
    civil = await registry("civil_affairs:500103")
    other = await registry("civil_affairs:50")
    cursor = (await civil.get("/v1/key-care", params={"limit": 1})).json()["next"]

    good = await civil.get("/v1/key-care", params={"cursor": cursor})
    foreign = await other.get("/v1/key-care", params={"cursor": cursor})
    refiltered = await civil.get("/v1/key-care", params={"cursor": cursor, "place": "hukou"})
    edited = await civil.get("/v1/key-care", params={"cursor": cursor[:-2] + "AA"})

    assert len(good.json()["entries"]) == 1
    assert [r.status_code for r in (foreign, refiltered, edited)] == [400, 400, 400]


async def test_r57_each_department_sees_the_categories_the_matrix_opens_to_it(
    registry: Registry,
) -> None:
    """A reader who may not see a category cannot tell a child that has it from one that has not."""
    concern = {"hardships": ["low_income"], "behaviour_concern": True, "vagrant": True}
    (child,) = await surveyed(registry, survey(TIANMEN, living_security=concern))
    await link(registry, await push(registry, "education:429006", "enrolments", dropout()), [child])

    async def seen(who: str, **filters: Any) -> list[str]:
        client = await registry(
            f"{who}:429006", purpose="service" if who != "civil_affairs" else "key_care"
        )
        return sorted(e["category"] for e in await entries(client, **filters))

    assert await seen("civil_affairs") == [
        "family_hardship",
        "out_of_school",
        "psychological_behavioural",
        "vagrancy",
    ]
    assert await seen("education") == ["out_of_school"]
    assert await seen("education", category="psychological_behavioural") == []
    assert await seen("police") == []
    assert await seen("health") == []
    education = await registry("education:429006", purpose="service")
    page = (await education.get("/v1/key-care", params={"limit": 1})).json()
    assert "next" not in page
    text = orjson.dumps(page).decode()
    assert not any(
        word in text
        for word in ("psychological", "vagrancy", "family_hardship", "evidence", "shielded")
    )


async def test_an_etag_changes_only_with_what_its_reader_sees(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(TIANMEN, living_security={"insured": True}))
    await link(registry, await push(registry, "education:429006", "enrolments", dropout()), [child])
    civil = await registry("civil_affairs:429006")
    education = await registry("education:429006", purpose="service")
    path, before = await the_entry(education)
    civil_before = (await civil.get(path)).headers["ETag"]

    hidden = survey(
        TIANMEN, observed_on="2026-03-02", surveyed_on="2026-03-02",
        living_security={"behaviour_concern": True},
    )  # fmt: skip
    hidden["child"] = {}
    hidden["residence"] = hidden["hukou"] = None
    hidden["guardians"] = []
    hidden["guardianship"] = None
    await link(registry, await push(registry, "civil_affairs:429006", "surveys", hidden), [child])

    assert len(await entries(civil)) == 2
    assert await the_entry(education) == (path, before)
    assert (await civil.get(path)).headers["ETag"] != civil_before


async def test_a_foreign_entry_answers_as_one_that_does_not_exist(registry: Registry) -> None:
    await surveyed(registry)
    path, etag = await the_entry(await registry("civil_affairs:500103"))
    stranger = await registry("civil_affairs:500101")
    police = await registry("police:500103", purpose="service")

    absent = await stranger.get(f"/v1/key-care/{uuid4()}")
    foreign = await stranger.get(path)
    closed = await police.get(path)

    assert absent.status_code == foreign.status_code == closed.status_code == 404
    assert absent.content == foreign.content == closed.content
    refused = await stranger.post(
        f"{path}/decisions",
        json={"decision": "confirm", "reason": "verified"},
        headers={"If-Match": etag},
    )
    assert (refused.status_code, refused.content) == (404, absent.content)


@pytest.mark.parametrize(
    ("who", "purpose", "status"),
    [
        ("civil_affairs", "key_care", 200),
        ("civil_affairs", "survey", 200),
        ("civil_affairs", "supervision", 200),
        ("civil_affairs", "verification", 403),
        ("civil_affairs", "statistics", 403),
        ("civil_affairs", None, 403),
        ("disabled_federation", "key_care", 200),
        ("education", "service", 200),
        ("education", "verification", 403),
        ("education", "key_care", 403),
        ("police", "key_care", 403),
        ("hub", "hukou_exchange", 403),
    ],
)
async def test_the_purpose_decides_whether_there_is_key_care_at_all(
    registry: Registry, who: str, purpose: str | None, status: int
) -> None:
    reader = await registry(f"{who}:500103", purpose=purpose)
    assert (await reader.get("/v1/key-care")).status_code == status


async def test_row_security_alone_hides_rows_and_categories(registry: Registry) -> None:
    await surveyed(
        registry, survey(living_security={"hardships": ["illness"], "behaviour_concern": True})
    )
    readers = {
        "civil_affairs:500103": 2,
        "civil_affairs:371721": 2,
        "civil_affairs:500101": 0,
        "education:500103": 0,
        "police:50": 0,
        "health:500103": 0,
    }
    for who, expected in readers.items():
        client = await registry(who)
        name = client.auth.client_id  # type: ignore[union-attr]
        async with registry.database.transaction(SYSTEM) as session:
            grant = clients.grant_of(await clients.named(session, name))
            reach = queries.Caller(grant, "a", "b").reach
            await enter(session, reach)
            connection = await raw(session)
            assert await connection.fetchval("SELECT count(*) FROM key_care") == expected, who
            assert await connection.fetchval("SELECT count(*) FROM decisions") == 0


async def test_r57_every_page_is_audited_with_its_subjects(registry: Registry) -> None:
    children = await surveyed(registry, *(survey() for _ in range(3)))
    civil = await registry("civil_affairs:500103")

    await civil.get("/v1/key-care", params={"limit": 2})
    await civil.get("/v1/key-care", params={"limit": 1}, headers=NDJSON)
    await civil.get("/v1/key-care", headers=XLSX)

    rows = await registry.system(
        "SELECT operation, subjects, purpose, actor FROM audit_entries"
        " WHERE operation LIKE 'key_care.%' ORDER BY id"
    )
    told = [(r["operation"], len(r["subjects"])) for r in rows]
    assert told == [
        ("key_care.list", 2),
        *[("key_care.stream", 1)] * 3,
        ("key_care.export", 3),
    ]
    streamed = {s for r in rows if r["operation"] == "key_care.stream" for s in r["subjects"]}
    assert streamed == set(children)
    assert {(r["purpose"], r["actor"]) for r in rows} == {("key_care", "staff-7")}


async def test_without_an_audit_row_nothing_is_shown(registry: Registry) -> None:
    await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    await civil.get("/v1/key-care")  # a token is at hand
    await registry.system(
        "ALTER TABLE audit_entries ADD CONSTRAINT no_room CHECK (false) NOT VALID"
    )

    for headers in ({}, NDJSON, XLSX):
        reply = await civil.get("/v1/key-care", headers=headers)
        assert reply.status_code == 500
        assert b"family_hardship" not in reply.content


class Listener:
    """An ASGI client that acts on each chunk of a stream as it comes."""

    def __init__(self, registry: Registry, on_chunk: Any) -> None:
        self.registry = registry
        self.on_chunk = on_chunk
        self.chunks: list[bytes] = []

    async def get(self, token: str, query: bytes) -> list[Any]:
        async def receive() -> dict[str, Any]:
            await asyncio.sleep(3600)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if body := message.get("body"):
                self.chunks.append(body)
                await self.on_chunk(len(self.chunks))

        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/x-ndjson",
            "hutong-purpose": "key_care",
            "hutong-actor": "staff-7",
        }
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": "/v1/key-care", "raw_path": b"/v1/key-care", "root_path": "",
            "query_string": query, "client": ("test", 1), "server": ("registry.test", 80),
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }  # fmt: skip
        await self.registry.app(scope, receive, send)
        return [orjson.loads(line) for line in b"".join(self.chunks).splitlines()]


async def test_a_revoked_clients_stream_stops_and_no_byte_precedes_its_audit_row(
    registry: Registry,
) -> None:
    await surveyed(registry, *(survey() for _ in range(6)))
    civil = await registry("civil_affairs:500103")
    request = (await civil.get("/v1/key-care", params={"limit": 1})).request
    token = request.headers["Authorization"].removeprefix("Bearer ")
    audited: list[int] = []

    async def on_chunk(number: int) -> None:
        rows = await registry.system(
            "SELECT 1 FROM audit_entries WHERE operation = 'key_care.stream'"
        )
        audited.append(len(rows))
        if number == 2:
            async with registry.database.transaction(SYSTEM) as session:
                name = civil.auth.client_id  # type: ignore[union-attr]
                await clients.revoke(
                    session, registry.app.state.kit.audit, name, registry.clock.now()
                )

    lines = await Listener(registry, on_chunk).get(token, b"limit=2")

    assert [next(iter(line)) for line in lines] == [
        "id",
        "id",
        "cursor",
        "id",
        "id",
        "cursor",
        "end",
    ]
    assert lines[-1] == {"end": "refused"}
    assert audited == [1, 2, 2]


async def test_a_broken_stream_is_taken_up_at_its_last_cursor(registry: Registry) -> None:
    await surveyed(registry, *(survey() for _ in range(5)))
    civil = await registry("civil_affairs:500103")
    params = {"limit": 2}
    stream = (await civil.get("/v1/key-care", params=params, headers=NDJSON)).text.splitlines()
    lines = [orjson.loads(line) for line in stream]
    cursor = lines[2]["cursor"]

    rest = await civil.get("/v1/key-care", params={**params, "cursor": cursor}, headers=NDJSON)

    ids = [line["id"] for line in lines if "id" in line]
    assert [
        orjson.loads(x)["id"] for x in rest.text.splitlines() if b'"id"' in x.encode()[:8]
    ] == ids[2:]


#: ``HUTONG_PLAN_ROWS=1000000`` proves the plans at a million children (about a minute).
PLAN_ROWS = int(os.environ.get("HUTONG_PLAN_ROWS", "6000"))


async def test_the_hot_lists_run_over_an_index_range(registry: Registry) -> None:
    await registry.system(
        "INSERT INTO children (id, child_seq, sex, residence_code, hukou_code, residence_stated_by,"
        " hukou_stated_by, status, decision, shielded, entries, digest, sealed, folded_on, registered_at,"
        " changed_at)"
        " SELECT gen_random_uuid(), 1, 'male', 500101000000 + (n % 30) * 1000000, 371721000000,"
        " '{civil_affairs}', '{police}', 'migrant', '{}', false, 1, '', decode(repeat('00', $2), 'hex'),"
        " '2026-03-01', now(), now() FROM generate_series(1, $1) n",
        PLAN_ROWS,
        1500 if PLAN_ROWS < 100_000 else 200,
    )
    await registry.system(
        "INSERT INTO vault.data_keys (id, master, wrapped) SELECT id, 1, '\\x00' FROM children"
    )
    await registry.system(
        "INSERT INTO key_care (id, child_id, category, state, residence_code, hukou_code,"
        " residence_stated_by, hukou_stated_by, detail, since)"
        " SELECT gen_random_uuid(), id, 'vagrancy', 'proposed', residence_code, hukou_code,"
        " residence_stated_by, hukou_stated_by, '{}', now() FROM children"
    )
    await registry.system("ANALYZE children, key_care, vault.data_keys")
    for who, place in (
        ("civil_affairs:500103", Place.RESIDENCE),
        ("civil_affairs:50", Place.RESIDENCE),
        ("civil_affairs:371721", Place.HUKOU),
    ):
        civil = await registry(who)
        async with registry.database.transaction(SYSTEM) as session:
            name = civil.auth.client_id  # type: ignore[union-attr]
            grant = clients.grant_of(await clients.named(session, name))
            caller = queries.Caller(grant, "a", Purpose.KEY_CARE)
            await enter(session, caller.reach)
            connection = await raw(session)
            await connection.execute(queries.IN_INDEX_ORDER)
            for whole in (False, True):
                asked = queries.page_arguments(caller, Question(place), START, 101)
                (plan,) = await connection.fetchrow(
                    "EXPLAIN (FORMAT JSON) " + queries.PAGES[place, whole, False], *asked
                )
                text = str(plan)
                assert "Seq Scan" not in text, text
                assert f"'Index Name': 'key_care_{place}'" in text
                assert "'Sort Key': ['k." not in text
