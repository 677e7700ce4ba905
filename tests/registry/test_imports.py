"""Imports through the real app: streamed in, judged line by line, stopped, broken off and sent again."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from services.registry.identity import clients
from services.registry.imports import receiving
from services.registry.imports.lines import Lines
from shared import outbound
from shared.database import SYSTEM
from shared.limits import MAX_IMPORT_LINE_BYTES
from shared.vocabulary import Scope
from tests.registry.conftest import Registry
from tests.registry.test_pushing import enrolment

URL = "/v1/imports/enrolments"


@pytest.fixture(autouse=True)
def _chunks_are_cut_by_lines_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that stands still for five seconds would cut one by time."""
    monkeypatch.setattr(receiving, "FLUSH_SECONDS", float("inf"))


def line(number: int, **more: Any) -> bytes:
    item = {**enrolment(f"A-{number}"), **more}
    return json.dumps(item, ensure_ascii=False).encode() + b"\n"


async def verdicts(client: httpx.AsyncClient, job: str, query: str = "") -> list[dict[str, Any]]:
    reply = await client.get(f"/v1/imports/{job}/verdicts{query}")
    assert reply.headers["content-type"] == "application/x-ndjson"
    return [json.loads(one) for one in reply.text.splitlines()]


async def sent(registry: Registry, pieces: AsyncIterator[bytes]) -> httpx.Response:
    education = await registry("education:500103")
    return await education.post(URL, content=pieces)


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30).map(lambda b: b.replace(b"\n", b" ")),
            st.sampled_from([b"", b"  ", b"\t\r", b"\xef\xbb\xbf", b" " * 20]),
        ),
        max_size=20,
    ),
    st.integers(min_value=1, max_value=50),
    st.booleans(),
)
def test_pieces_may_be_cut_anywhere(bodies: list[bytes], size: int, ended: bool) -> None:
    whole = b"\n".join(bodies) + (b"\n" if ended and bodies else b"")
    lines = Lines(longest=16)

    found = [one for i in range(0, len(whole), size) for one in lines.take(whole[i : i + size])]
    found += lines.end()

    expected = whole.split(b"\n")
    if not expected[-1]:
        expected.pop()
    bodies = [b.removeprefix(b"\xef\xbb\xbf") if i == 0 else b for i, b in enumerate(expected)]
    kept = [None if len(b) > 16 else bodies[i] for i, b in enumerate(expected)]
    said = [(n, body) for n, body in enumerate(kept, 1) if body is None or body.strip(b" \t\r")]
    assert [(one.number, one.body) for one in found] == said
    assert lines.blanks() == len(kept) - len(said)
    assert lines.blanks() == 0


def test_an_endless_line_is_not_held() -> None:
    lines = Lines(longest=1000)
    for _ in range(1000):
        assert lines.take(b"x" * 900) == []
        assert len(lines._begun) <= 1000
    (only,) = lines.end()
    assert only.body is None


async def test_every_line_gets_its_verdict_and_none_harms_another(registry: Registry) -> None:
    education = await registry("education:500103")
    body = [
        line(1),
        b"\n",
        b"{broken\n",
        b'{"source_id": "\xff\xfe"}\n',
        b'{"source_id": "' + b"x" * MAX_IMPORT_LINE_BYTES + b'"}\n',
        line(2, division="500101"),
        line(3, stage="no such"),
        line(1),
        b"[" * 5000 + b"\n",
        line(4).replace(b"\n", b"\r\n"),
        line(5, child={"name": "示小红", "id_number": "500103201705030011"}).rstrip(),
    ]

    reply = await education.post(URL, content=b"".join(body))

    assert reply.status_code == 202, reply.text
    job = reply.json()
    assert job["state"] == "done"
    assert reply.headers["location"] == f"/v1/imports/{job['id']}"
    assert (job["lines"], job["created"], job["unchanged"], job["refused"]) == (10, 3, 1, 6)
    assert job["blank"] == 1
    judged = await verdicts(education, job["id"])
    assert [v["line"] for v in judged] == [1, *range(3, 12)]
    assert {v["line"]: v["errors"][0]["code"] for v in judged if v["status"] == "refused"} == {
        3: "json_invalid",
        4: "encoding_broken",
        5: "line_too_long",
        6: "division_outside_grant",
        7: "enum",
        9: "json_invalid",
    }
    assert judged[6]["record"] == judged[0]["record"]
    assert "id_checksum_wrong" in judged[9]["findings"]
    assert await verdicts(education, job["id"], "?refused=true&after=7") == [judged[7]]
    queued = await registry.system("SELECT bulk FROM resolution_queue")
    assert [row["bulk"] for row in queued] == [True] * 3


async def test_an_import_of_blank_lines_leaves_a_count_and_nothing_else(registry: Registry) -> None:
    education = await registry("education:500103")
    blanks = b"\n" * 30_000 + b" \t\r\n" * 20_000

    job = (await education.post(URL, content=blanks + line(1) + blanks)).json()

    assert (job["lines"], job["created"], job["refused"], job["blank"]) == (1, 1, 0, 100_000)
    assert [v["line"] for v in await verdicts(education, job["id"])] == [50_001]
    assert len(await registry.system("SELECT 1 FROM import_verdicts")) == 1
    acts = await registry.system("SELECT 1 FROM audit_entries WHERE operation = 'records.import'")
    assert len(acts) == 1


async def test_verdicts_and_rows_hold_nothing_of_a_line(registry: Registry) -> None:
    education = await registry("education:500103")
    spoiled = line(1, stage="赵钱孙李", source_id="50010320170503001X")

    job = (await education.post(URL, content=spoiled + line(2))).json()["id"]

    kept = await registry.system("SELECT v::text AS text FROM import_verdicts v")
    kept += await registry.system("SELECT j::text AS text FROM import_jobs j")
    kept += await registry.system("SELECT r::text AS text FROM records r")
    text = " ".join(row["text"] for row in kept) + str(await verdicts(education, job))
    for secret in ("赵钱孙李", "50010320170503001X", "示小明", "A-2"):
        assert secret not in text


async def test_chunks_are_stored_while_the_upload_still_runs(registry: Registry) -> None:
    education = await registry("education:500103")
    seen: list[dict[str, Any]] = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(2500):
            yield line(number)
        seen.extend((await education.get("/v1/imports")).json()["imports"])
        running = await education.get(f"/v1/imports/{seen[0]['id']}")
        assert running.headers["retry-after"]

    reply = await sent(registry, pieces())

    assert [(j["state"], j["lines"]) for j in seen] == [("receiving", 2000)]
    assert reply.json()["lines"] == reply.json()["created"] == 2500
    assert len(await verdicts(education, reply.json()["id"], "?after=999")) == 2500 - 999


async def test_a_cancelled_upload_stops_at_its_next_chunk(registry: Registry) -> None:
    education = await registry("education:500103")
    sent_lines = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent_lines
        for sent_lines in range(50_000):
            if sent_lines == 1500:
                (job,) = (await education.get("/v1/imports")).json()["imports"]
                cancelled = await education.delete(f"/v1/imports/{job['id']}")
                assert cancelled.json()["state"] == "cancelled"
            yield line(sent_lines)

    reply = await sent(registry, pieces())

    assert reply.status_code == 409
    assert reply.json()["type"].endswith("import-cancelled")
    assert sent_lines < 2100
    (job,) = (await education.get("/v1/imports")).json()["imports"]
    assert (job["state"], job["lines"]) == ("cancelled", 1000)
    assert len(await registry.system("SELECT 1 FROM records")) == 1000


async def test_only_a_running_import_can_be_cancelled(registry: Registry) -> None:
    education = await registry("education:500103")
    job = (await education.post(URL, content=line(1))).json()["id"]

    reply = await education.delete(f"/v1/imports/{job}")

    assert reply.status_code == 409
    assert (await education.get(f"/v1/imports/{job}")).json()["state"] == "done"


async def revoked(registry: Registry, client: str) -> None:
    async with registry.database.transaction(SYSTEM) as session:
        await clients.revoke(session, registry.app.state.kit.audit, client, datetime.now(UTC))


async def other_scopes(registry: Registry, client: str) -> None:
    await changed(registry, client, scopes=[Scope.RECORDS_READ])


async def changed(registry: Registry, client: str, **grant: Any) -> None:
    async with registry.database.transaction(SYSTEM) as session:
        keys = registry.app.state.kit.audit
        await clients.change(session, keys, client, now=datetime.now(UTC), **grant)


@pytest.mark.parametrize(("change", "status"), [(revoked, 401), (other_scopes, 403)])
async def test_a_client_that_loses_its_right_stops(
    registry: Registry, change: Callable[..., Any], status: int
) -> None:
    education = await registry("education:500103")

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3000):
            if number == 1500:
                assert isinstance(education.auth, outbound.ClientCredentials)
                await change(registry, education.auth.client_id)
            yield line(number)

    # Without the credentials' own retry, which would ask for another token.
    assert isinstance(education.auth, outbound.ClientCredentials)
    token = await education.auth.token()
    async with outbound.client("http://registry.test", transport=registry.transport) as plain:
        reply = await plain.post(
            URL, content=pieces(), headers={"Authorization": f"Bearer {token}"}
        )

    assert reply.status_code == status
    (job,) = await registry.system("SELECT state, lines FROM import_jobs")
    assert tuple(job) == ("interrupted", 1000)


async def test_a_narrower_grant_holds_from_the_next_chunk_on(registry: Registry) -> None:
    education = await registry("education:50")

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(1500):
            yield line(number)
        assert isinstance(education.auth, outbound.ClientCredentials)
        await changed(registry, education.auth.client_id, area="500101")

    reply = await education.post(URL, content=pieces())

    assert (reply.json()["created"], reply.json()["refused"]) == (1000, 500)


async def test_a_job_whose_process_died_reads_as_interrupted(registry: Registry) -> None:
    education = await registry("education:500103")
    job = (await education.post(URL, content=line(1))).json()["id"]
    await registry.system(
        "UPDATE import_jobs SET state = 'receiving', heartbeat_at = now() - interval '3 minutes'"
    )

    shown = await education.get(f"/v1/imports/{job}")

    assert shown.json()["state"] == "interrupted"
    assert "retry-after" not in shown.headers


async def test_an_upload_that_stalls_is_ended(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "IMPORT_IDLE_SECONDS", 0.1)

    async def pieces() -> AsyncIterator[bytes]:
        yield line(1)
        await asyncio.sleep(30)

    reply = await sent(registry, pieces())

    assert reply.status_code == 400
    (job,) = await registry.system("SELECT state, lines FROM import_jobs")
    assert tuple(job) == ("interrupted", 0)


async def test_slow_lines_do_not_wait_for_their_chunk_to_fill(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "FLUSH_SECONDS", 0.0)
    counts: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3):
            counts.append((await registry.system("SELECT lines FROM import_jobs"))[0]["lines"])
            yield line(number)

    await sent(registry, pieces())

    assert counts == [0, 1, 2]


async def test_a_client_that_disconnects_leaves_what_was_stored(registry: Registry) -> None:
    """Over a real socket, since only that can break."""
    education = await registry("education:500103")
    assert isinstance(education.auth, outbound.ClientCredentials)
    token = await education.auth.token()
    server = uvicorn.Server(uvicorn.Config(registry.app, port=0, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b"".join(line(number) for number in range(1200))
    writer.write(
        f"POST {URL} HTTP/1.1\r\nHost: registry.test\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Length: {len(body) + 999}\r\n\r\n".encode()
    )
    writer.write(body)
    await writer.drain()
    writer.transport.abort()

    async with asyncio.timeout(10):
        while not (
            rows := await registry.system(
                "SELECT lines FROM import_jobs WHERE state = 'interrupted'"
            )
        ):
            await asyncio.sleep(0.05)
    server.should_exit = True
    await serving

    stored = len(await registry.system("SELECT 1 FROM records"))
    assert stored == rows[0]["lines"]
    again = await education.post(URL, content=body)
    assert (again.json()["unchanged"], again.json()["created"]) == (stored, 1200 - stored)


async def test_an_import_is_its_clients_alone(registry: Registry) -> None:
    education = await registry("education:500103")
    other = await registry("education:50", actor="staff-9")
    health = await registry("health:500103")
    reader = await registry("education:500103", scopes=frozenset({Scope.RECORDS_READ}))
    job = (await education.post(URL, content=line(1))).json()["id"]

    absent = await other.get("/v1/imports/0195f3f2-5a6e-7c1b-9a53-0242ac120002")
    for path in (f"/v1/imports/{job}", f"/v1/imports/{job}/verdicts"):
        foreign = await other.get(path)
        assert (foreign.status_code, foreign.content) == (404, absent.content)
    assert (await other.delete(f"/v1/imports/{job}")).status_code == 404
    assert (await other.get("/v1/imports")).json() == {"imports": []}
    assert (await health.post(URL, content=line(1))).status_code == 403
    assert (await reader.post(URL, content=line(1))).status_code == 403
    assert (await education.post("/v1/imports/peer-facts", content=b"")).status_code in (404, 405)


async def test_row_security_hides_foreign_jobs_from_any_query(registry: Registry) -> None:
    education = await registry("education:500103")
    await education.post(URL, content=line(1))
    from shared.database import Reach, raw

    foreign = Reach(0, 999_999_999_999, "education", "another-client")
    async with registry.database.transaction(foreign) as session:
        connection = await raw(session)
        assert await connection.fetch("SELECT 1 FROM import_jobs") == []
        assert await connection.fetch("SELECT 1 FROM import_verdicts") == []


async def test_imports_are_audited_chunk_by_chunk(registry: Registry) -> None:
    education = await registry("education:500103")
    await education.post(URL, content=b"".join(line(n) for n in range(1001)))

    rows = await registry.system(
        "SELECT operation, detail FROM audit_entries WHERE operation NOT LIKE 'clients.%' ORDER BY id"
    )

    assert [row["operation"] for row in rows] == [
        "imports.begin",
        "records.import",
        "records.import",
    ]
    assert [json.loads(row["detail"]).get("items") for row in rows] == [None, 1000, 1]
