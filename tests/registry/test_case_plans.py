"""The list of what waits reads an index of what waits, also under a plan that knows no values; and pages without a gap."""

from uuid import UUID

import asyncpg
import pytest

from services.registry.cases import queries
from tests.registry.conftest import Registry
from tests.registry.test_case_demands import caused
from tests.registry.test_cases import HOME, acted, opened

MANY = 20_000
FILL = (
    "INSERT INTO cases (id, kind, topic, place, addressee, client, department, actor, opened_at, sealed,"
    " state, version, record, demanding, waiting_since)"
    " SELECT gen_random_uuid(), 'report', 'lives_alone', 500103000000 + n % 50, 'police', 'x', 'civil_affairs', 'x',"
    " now(), '', 'closed', 2, gen_random_uuid(), false, NULL FROM generate_series(1, $1) n"
)
#: Place, department, kind, state, after, limit.
GIVEN = (
    "500103000000, 500103999999, 'police', NULL, NULL, '00000000-0000-0000-0000-000000000000', 50"
)


@pytest.mark.parametrize(
    ("statement", "more", "indexes"),
    [
        (queries.WAITING, ", '{}'", {"cases_waiting", "cases_demanding"}),
        (queries.FALLEN, "", {"cases_caused"}),
        (queries.MOVED, "", {"cases_caused"}),
    ],
    ids=["waiting", "fallen", "moved"],
)
async def test_r25_what_waits_is_read_from_its_own_index_under_a_generic_plan(
    registry: Registry, statement: str, more: str, indexes: set[str]
) -> None:
    """Twenty thousand closed cases beside are not looked at."""
    await registry.system(FILL, MANY)
    connection = await asyncpg.connect(registry.owner_url)
    try:
        await connection.execute("SELECT set_config('hutong.department', 'system', false)")
        await connection.execute("ANALYZE cases")
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        kinds = "bigint, bigint, text, text, text, uuid, bigint" + (", uuid[]" if more else "")
        await connection.execute(f"PREPARE page ({kinds}) AS {statement}")
        rows = await connection.fetch(f"EXPLAIN (ANALYZE, TIMING OFF) EXECUTE page ({GIVEN}{more})")
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan on cases" not in plan
    for index in indexes:
        assert index in plan, plan
    assert "Rows Removed by Filter: 20000" not in plan


async def test_r25_pages_of_what_waits_and_of_what_does_not_miss_nothing(
    registry: Registry,
) -> None:
    civil, police = await registry(f"civil_affairs:{HOME}"), await registry(f"police:{HOME}")
    fallen, standing = [(await caused(registry)) for _ in range(2)]
    for one in (fallen, standing):
        await acted(police, one.path, "answer", outcome="unfounded")
    paths = [await opened(civil) for _ in range(3)]
    for path in paths[:1]:
        await acted(police, path, "answer", outcome="unfounded")
    reply = await civil.post("/v1/visits/recalls", json={"source_ids": [fallen.source_id]})
    assert reply.is_success

    async def listed(**asked: object) -> list[str]:
        found: list[str] = []
        params: dict[str, object] = {"limit": 1, **asked}
        while True:
            body = (await civil.get("/v1/cases", params=params)).json()
            found += [one["id"] for one in body["cases"]]
            if "next" not in body:
                return found
            params["cursor"] = body["next"]

    every = [path.rpartition("/")[2] for path in (fallen.path, standing.path, *paths)]
    asked_of = [every[0], every[3], every[4]]
    assert await listed() == sorted(every, key=UUID)
    assert await listed(waiting=True) == sorted(asked_of, key=UUID)
    assert await listed(waiting=False) == sorted(set(every) - set(asked_of), key=UUID)
    assert await listed(waiting=True, kind="referral") == []
