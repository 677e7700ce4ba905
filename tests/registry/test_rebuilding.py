"""Rebuilding proves every folded row, also one that hangs on no child."""

from uuid import UUID, uuid4

import pytest

from services.registry.children.rebuilding import verify
from tests.registry.conftest import Registry
from tests.registry.key_care import surveyed

ELSEWHERE = "500107000000"


async def differing(registry: Registry) -> set[tuple[str, UUID]]:
    kit = registry.app.state.kit
    return {(one.table, one.id) async for one in verify(registry.database, kit)}


@pytest.mark.parametrize("table", ["child_lookups", "key_care", "duties", "survey_standings"])
async def test_a_row_of_a_child_that_does_not_stand_is_found(
    registry: Registry, table: str
) -> None:
    """Whoever could write one would show its office a child, or hide one from another's."""
    await surveyed(registry)
    assert await differing(registry) == set()
    nobody = uuid4()
    moved = await registry.system(
        f"UPDATE {table} SET child_id = $1 WHERE ctid = (SELECT min(ctid) FROM {table}) RETURNING 1",
        nobody,
    )
    assert moved
    assert (table, nobody) in await differing(registry)
