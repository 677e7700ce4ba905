"""What is asked often stays as quick among a million strangers: every statement of it reads an index range.

Each act is done through its API or by the worker's own step, under the runtime role with row-level security on; the
statements that it ran are then explained.  ``HUTONG_PLAN_ROWS=1000000`` proves it at that size (two minutes).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio

from services.matching import tables as matching_tables
from services.matching.entries.schemas import EXAMPLE_FEATURES
from services.notifications import tables as notifications_tables
from services.notifications.queues import QUEUES as TO_TELL
from services.registry import tables as registry_tables
from services.registry.queues import QUEUES as TO_REGISTER
from shared import backlog
from shared.database import Database
from shared.vocabulary import Department
from tests.databases import Cluster
from tests.guards import story
from tests.guards.explaining import Large, Statement, plans, recorded
from tests.guards.filling import fill
from tests.guards.story import BORN, HOME, HUKOU, NAME, NUMBER, World, child_of, item

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROVINCE = "50"
ROWS = int(os.environ.get("HUTONG_PLAN_ROWS", "50000"))
#: More than any of these statements touches, be it for 200 references; at a million rows the least scan touches ten times as many.
PAGES = 1000
TABLES: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "registry": (
        registry_tables.METADATA,
        (
            "children",
            "child_lookups",
            "vault.data_keys",
            "records",
            "links",
            "key_care",
            "duties",
            "alerts",
            "handovers",
            "handover_acts",
            "audit_entries",
            "outbox",
        ),
    ),
    "matching": (
        matching_tables.METADATA,
        ("entries", "persons", "blocking_keys", "link_changes", "reviews"),
    ),
    "notifications": (
        notifications_tables.METADATA,
        ("announcements", "cases", "events", "notices", "lanes", "deliveries", "audit_entries"),
    ),
}


@dataclass(frozen=True)
class Crowd:
    """The story's hub among strangers; a child of it, and an entry about that child."""

    world: World
    child: UUID
    entry: UUID
    large: Mapping[str, Large]

    async def civil(self, area: str = HOME, service: str = "registry") -> httpx.AsyncClient:
        return await self.world(Department.CIVIL_AFFAIRS, area, service)

    @property
    def databases(self) -> Iterator[tuple[str, Database]]:
        hub = self.world.hub
        for service in TABLES:
            yield service, hub.apps[service].state.database
        yield "registry", hub.registry_worker.database
        yield "notifications", hub.worker.database


Act = Callable[[Crowd], Awaitable[Any]]
VERSIONS = count(2)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(told: World, cluster: Cluster) -> Crowd:
    async def of(service: str) -> Large:
        metadata, names = TABLES[service]
        database = told.hub.urls[service].owner.rsplit("/", 1)[1]
        connection = await asyncpg.connect(cluster.server.url(database))
        try:
            await fill(connection, [metadata.tables[name] for name in names], ROWS)
            return await Large.of(connection, names)
        finally:
            await connection.close()

    child = await child_of(told, NAME)
    (row, *_) = await told.rows("SELECT entry_id FROM links WHERE person = $1", child)
    large = await asyncio.gather(*(of(service) for service in TABLES))
    return Crowd(told, child, row["entry_id"], dict(zip(TABLES, large, strict=True)))


async def read_child(crowd: Crowd) -> Any:
    return await (await crowd.civil()).get(f"/v1/children/{crowd.child}")


async def read_child_of_entry(crowd: Crowd) -> Any:
    return await (await crowd.civil(HUKOU)).get(f"/v1/entries/{crowd.entry}/child")


async def search_by_number(crowd: Crowd) -> Any:
    civil = await crowd.civil()
    return await civil.post("/v1/children/search", json={"id_number": NUMBER})


async def search_by_name(crowd: Crowd) -> Any:
    civil = await crowd.civil(PROVINCE)
    return await civil.post("/v1/children/search", json={"name": NAME, "birth_date": BORN})


async def read_references(crowd: Crowd) -> Any:
    """A full batch: one of the story, the others of children out of reach."""
    make = crowd.world.hub.apps["registry"].state.references.make
    far = await crowd.world.rows(
        "SELECT id FROM children WHERE residence_code >= 500110000000 LIMIT 199"
    )
    client = f"{Department.CIVIL_AFFAIRS}-{HOME}"
    references = [make(child, client) for child in (crowd.child, *(row["id"] for row in far))]
    return await (await crowd.civil()).post("/v1/references/read", json={"references": references})


async def break_glass(crowd: Crowd) -> Any:
    police = await crowd.world(Department.POLICE, HUKOU)
    return await police.post(
        "/v1/break-glass",
        json={"id_number": NUMBER, "reason": "missing", "note": "走失"},
        headers={"Idempotency-Key": str(uuid4())},
    )


async def push_newer_version(crowd: Crowd) -> Any:
    education = await crowd.world(Department.EDUCATION, HOME)
    newer = item("E-1", **story.ENROLLED) | {"version": next(VERSIONS)}
    return await education.post("/v1/enrolments", json=[newer])


async def link_newer_version(crowd: Crowd) -> Any:
    await push_newer_version(crowd)
    assert await crowd.world.hub.registry_worker.resolve() == 1


async def ask_matching(crowd: Crowd, method: str, path: str, **more: Any) -> httpx.Response:
    token = await (await crowd.world.as_service("registry")).token()
    matching = await crowd.world.anyone("matching")
    headers = {"Authorization": f"Bearer {token}"}
    return await matching.request(method, path, headers=headers, **more)


async def read_link_changes(crowd: Crowd) -> Any:
    return await ask_matching(crowd, "GET", "/v1/link-changes")


async def read_review_changes(crowd: Crowd) -> Any:
    return await ask_matching(crowd, "GET", "/v1/review-changes")


async def explain_link(crowd: Crowd) -> Any:
    return await ask_matching(crowd, "GET", f"/v1/explanations/{crowd.entry}")


async def search_persons(crowd: Crowd) -> Any:
    return await ask_matching(crowd, "POST", "/v1/searches", json={"features": EXAMPLE_FEATURES})


async def read_feed(crowd: Crowd) -> Any:
    civil = await crowd.civil(HOME, "notifications")
    return await civil.get("/v1/events", params={"after": "start", "limit": 100})


async def read_feed_of_a_province_further(crowd: Crowd) -> Any:
    civil = await crowd.civil(PROVINCE, "notifications")
    first = await civil.get("/v1/events", params={"after": "start"})
    return await civil.get("/v1/events", params={"after": first.json()["next"], "limit": 100})


async def list_notices(crowd: Crowd) -> Any:
    return await (await crowd.civil(HOME, "notifications")).get("/v1/notices")


async def list_notices_further(crowd: Crowd) -> Any:
    civil = await crowd.civil(HUKOU, "notifications")
    first = await civil.get("/v1/notices", params={"limit": 1})
    after = first.json().get("next")
    return await civil.get("/v1/notices", params={"after": after} if after else {})


async def list_subscriptions(crowd: Crowd) -> Any:
    return await (await crowd.civil(HOME, "notifications")).get("/v1/subscriptions")


async def list_duties(crowd: Crowd) -> Any:
    reply = await (await crowd.civil()).get("/v1/duties", params={"within": f"{HOME}001"})
    assert reply.status_code == 200, reply.text
    return reply


async def list_handovers(crowd: Crowd) -> Any:
    return await (await crowd.civil()).get("/v1/handovers")


async def of_one_child(crowd: Crowd, path: str) -> Any:
    """For a whole province, of which nearly everything is about others."""
    return await (await crowd.civil(PROVINCE)).get(path, params={"child": str(crowd.child)})


async def list_duties_of_one_child(crowd: Crowd) -> Any:
    return await of_one_child(crowd, "/v1/duties")


async def list_alerts_of_one_child(crowd: Crowd) -> Any:
    return await of_one_child(crowd, "/v1/alerts")


async def list_key_care_of_one_child(crowd: Crowd) -> Any:
    return await of_one_child(crowd, "/v1/key-care")


async def list_handovers_of_one_child(crowd: Crowd) -> Any:
    return await of_one_child(crowd, "/v1/handovers")


async def read_responsible_county(crowd: Crowd) -> Any:
    return await (await crowd.civil()).get(f"/v1/children/{crowd.child}/responsible-county")


async def fold(crowd: Crowd) -> Any:
    """Reads every record of a child."""
    await crowd.world.rows(
        "INSERT INTO fold_queue (child_id, wanted) VALUES ($1, 1)"
        " ON CONFLICT (child_id) DO UPDATE SET not_before = NULL",
        crowd.child,
    )
    return await crowd.world.hub.registry_worker.fold()


async def sweep(crowd: Crowd) -> Any:
    """The day of fifty strangers has come."""
    await crowd.world.rows(
        "UPDATE children SET next_change_on = '2026-11-01', folded_on = '2026-10-01' WHERE id IN"
        " (SELECT id FROM children WHERE residence_code >= 500110000000 LIMIT 50)"
    )
    assert await crowd.world.hub.registry_worker.sweep() == 50


async def count_queues(crowd: Crowd) -> Any:
    apps = crowd.world.hub.apps
    await backlog.measure(apps["registry"].state.database, "registry", TO_REGISTER)
    await backlog.measure(apps["notifications"].state.database, "notifications", TO_TELL)


def step(service: str, name: str) -> Act:
    async def done(crowd: Crowd) -> Any:
        hub = crowd.world.hub
        worker = hub.registry_worker if service == "registry" else hub.worker
        return await worker.steps()[name][0]()

    return done


ACTS: Mapping[str, Act] = {
    **{
        act.__name__: act
        for act in (
            read_child,
            read_child_of_entry,
            search_by_number,
            search_by_name,
            read_references,
            break_glass,
            push_newer_version,
            link_newer_version,
            read_link_changes,
            read_review_changes,
            explain_link,
            search_persons,
            read_feed,
            read_feed_of_a_province_further,
            list_notices,
            list_notices_further,
            list_subscriptions,
            list_duties,
            list_handovers,
            list_duties_of_one_child,
            list_alerts_of_one_child,
            list_key_care_of_one_child,
            list_handovers_of_one_child,
            read_responsible_county,
            fold,
            sweep,
            count_queues,
        )
    },
    **{
        f"{service}: {name}": step(service, name)
        for service, names in {
            "registry": ("follow", "sequence", "checkpoint", "relay"),
            "notifications": (
                "dispatch",
                "hand_over",
                "deliver",
                "tell",
                "fetch",
                "push_answers",
                "sequence",
                "checkpoint",
            ),
        }.items()
        for name in names
    },
}


@pytest.mark.parametrize("name", ACTS)
async def test_it_reads_index_ranges_alone(crowd: Crowd, name: str) -> None:
    async with AsyncExitStack() as stack:
        heard = [
            (service, await stack.enter_async_context(recorded(database)))
            for service, database in crowd.databases
        ]
        reply = await ACTS[name](crowd)
        assert not isinstance(reply, httpx.Response) or reply.is_success, reply.text
    assert any(statements for _, statements in heard)
    faults = [
        fault
        for service, statements in heard
        for fault in await faults_of(crowd, service, statements)
    ]
    assert not faults


async def faults_of(
    crowd: Crowd, service: str, statements: Sequence[Statement]
) -> list[tuple[str, object]]:
    """Statements that scan a large table, by either plan, or that touch too much of one."""
    found: list[tuple[str, object]] = []
    connection = await asyncpg.connect(crowd.world.hub.urls[service].app)
    try:
        for statement in statements:
            for plan in await plans(connection, statement):
                if scans := plan.scans(crowd.large[service]):
                    found.append((statement.text, scans))
                elif plan.pages > PAGES:
                    found.append((statement.text, plan.pages))
    finally:
        await connection.close()
    return found


@pytest.mark.parametrize(
    ("service", "text"),
    [
        ("registry", "SELECT id FROM records WHERE client = 'x'"),
        ("registry", "SELECT count(*) FROM children WHERE status = $1 OR id IS NULL"),
        ("registry", "SELECT id FROM children WHERE md5(id::text) = 'x' ORDER BY id LIMIT 1"),
        ("notifications", "UPDATE notices SET outcome = NULL WHERE kind = $1"),
        (
            "notifications",
            "SELECT position FROM announcements WHERE county % 7 = 1 ORDER BY county",
        ),
    ],
)
async def test_a_scan_is_found(crowd: Crowd, service: str, text: str) -> None:
    """Else the test above would show nothing."""
    arguments = ("migrant",) if "$1" in text else ()
    assert await faults_of(crowd, service, [Statement(text, arguments, ())])
