"""Pruning: what has served its end goes, as the runtime role; the rest, and all that tells of a child, stays."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.registry.pruning import BATCH, prune
from shared.limits import IDEMPOTENCY_KEPT_DAYS, IMPORTS_KEPT_DAYS, MAX_ASSERTION_SECONDS
from tests.registry.conftest import FixedClock, Registry
from tests.registry.test_imports import line

MINUTE = timedelta(minutes=1)


async def all_pruned(registry: Registry) -> int:
    total = 0
    while done := await prune(registry.database, registry.app.state.kit.audit, registry.clock):
        total += done
    return total


async def kept(registry: Registry, table: str, column: str) -> set[Any]:
    return {row[0] for row in await registry.system(f"SELECT {column} FROM {table}")}


async def test_an_assertion_is_forgotten_once_nobody_could_take_it(
    registry: Registry, clock: FixedClock
) -> None:
    ends = timedelta(seconds=MAX_ASSERTION_SECONDS)
    for jti, until in (("old", clock.at - ends - MINUTE), ("just over", clock.at - MINUTE)):
        await registry.system("INSERT INTO used_assertions VALUES ('c', $1, $2)", jti, until)
    assert await all_pruned(registry) == 1
    assert await kept(registry, "used_assertions", "jti") == {"just over"}


async def test_a_reply_is_kept_for_its_days(registry: Registry, clock: FixedClock) -> None:
    edge = clock.at - timedelta(days=IDEMPOTENCY_KEPT_DAYS)
    for key, at in (("old", edge - MINUTE), ("young", edge + MINUTE)):
        await registry.system(
            "INSERT INTO idempotency_keys VALUES ('c', 'o', $1, 'f', '{}'::jsonb, $2)", key, at
        )
    assert await all_pruned(registry) == 1
    assert await kept(registry, "idempotency_keys", "key") == {"young"}


async def test_an_import_goes_with_its_verdicts_and_without_its_records(
    registry: Registry, clock: FixedClock
) -> None:
    education = await registry("education:500103")
    clock.at += timedelta(days=IMPORTS_KEPT_DAYS)
    young = await education.post("/v1/imports/enrolments", content=line(2))
    clock.at -= timedelta(days=IMPORTS_KEPT_DAYS) - MINUTE
    old = await education.post("/v1/imports/enrolments", content=line(1))
    assert (old.status_code, young.status_code) == (202, 202)
    await registry.system(
        "INSERT INTO import_jobs (id, client, feed, state, lines, created, unchanged, superseded,"
        " refused, started_at, heartbeat_at) VALUES ($1, 'c', 'enrolments', 'receiving', 0, 0, 0, 0, 0, $2, $2)",
        uuid4(),
        clock.at,
    )
    clock.at += timedelta(days=IMPORTS_KEPT_DAYS) + MINUTE
    assert await all_pruned(registry) == 3
    (job,) = await kept(registry, "import_jobs", "id::text")
    assert job == young.json()["id"]
    assert await kept(registry, "import_verdicts", "job_id::text") == {job}
    assert len(await registry.system("SELECT 1 FROM records")) == 2


async def test_a_step_takes_so_many_at_once_and_the_next_the_rest(
    registry: Registry, clock: FixedClock
) -> None:
    await registry.system(
        "INSERT INTO used_assertions SELECT 'c', n::text, $1 FROM generate_series(0, $2) n",
        clock.at - timedelta(days=1),
        BATCH,
    )
    assert await prune(registry.database, registry.app.state.kit.audit, clock) == BATCH
    assert await prune(registry.database, registry.app.state.kit.audit, clock) == 1
    assert await prune(registry.database, registry.app.state.kit.audit, clock) == 0
