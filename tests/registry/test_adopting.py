"""Rows from before they bore a MAC: an operator vouches for them, and for nothing that was forged."""

import pytest
from sqlalchemy.exc import DBAPIError

from services.registry import adopting
from services.registry.changes import authenticity as changes
from shared.database import SYSTEM
from tests.registry.conftest import Registry
from tests.registry.key_care import surveyed
from tests.registry.test_changes import follow, number


async def faults(registry: Registry) -> list[str]:
    async with registry.database.transaction(SYSTEM) as session:
        return [one async for one in changes.faults_of(session, registry.app.state.kit.audit)]


async def test_what_bears_no_mac_is_told_to_nobody_until_somebody_vouches_for_it(
    registry: Registry,
) -> None:
    await surveyed(registry)
    await number(registry)
    civil = await registry("civil_affairs:500103")
    assert len((await follow(civil))[0]) == 1
    blank = "UPDATE child_changes SET mac = ''"
    with pytest.raises(DBAPIError, match="bears one"):  # nobody but the owner makes a row look old
        async with registry.database.transaction(SYSTEM) as session:
            await (await session.connection()).exec_driver_sql(blank)
    await registry.system(blank)
    assert (await follow(civil))[0] == []
    assert len(await faults(registry)) == 2
    async with registry.database.transaction(SYSTEM) as session:
        assert (await adopting.old(session))["child_changes"] == 2
        done = await adopting.adopt(session, registry.app.state.kit.audit, registry.clock.now())
        assert done.pop("child_changes") == 2
        assert done == {"change_positions": 0, "former_links": 0, "survey_rounds": 0, "posts": 0}
    (seen,) = await registry.system(
        "SELECT actor FROM audit_entries WHERE operation = 'rows.adopt'"
    )
    assert seen["actor"] == "system:operator"
    assert await faults(registry) == []
    assert len((await follow(civil))[0]) == 1
    # Rows that somebody wrote past the hub might have been among them: the trail tells who vouched, and for how many.
    told = "SELECT count(*) AS n FROM audit_entries WHERE operation = 'rows.adopt'"
    assert (await registry.system(told))[0]["n"] == 1

    await registry.system("UPDATE child_changes SET at = at + interval '1 second'")
    async with registry.database.transaction(SYSTEM) as session:
        done = await adopting.adopt(session, registry.app.state.kit.audit, registry.clock.now())
        assert not any(done.values())
    assert (await registry.system(told))[0]["n"] == 1
    assert len(await faults(registry)) == 2
    assert (await follow(civil))[0] == []
