"""A registry with old data, brought to the newest revision: nothing is lost, everything is proven, once it was vouched for."""

from datetime import timedelta
from uuid import uuid4

from alembic import command
from sqlalchemy import Connection

from services.registry import adopting, proving
from services.registry.children import rebuilding
from shared import migrations
from shared.database import SYSTEM
from tests.registry.conftest import Registry
from tests.registry.key_care import YUZHONG, fold, link, push, survey, surveyed
from tests.registry.test_cases import HOME, acted, opened
from tests.registry.test_changes import follow, number


async def migrated(registry: Registry, revision: str) -> None:
    """To a revision, up or down."""

    def run(connection: Connection) -> None:
        role = migrations.app_role(registry.owner_url)
        config = migrations.config("registry", connection, role)
        (command.downgrade if revision != "head" else command.upgrade)(config, revision)

    await registry.database.engine.dispose()
    await migrations._with_connection(registry.owner_url, run)


async def faults(registry: Registry) -> list[str]:
    async with registry.database.transaction(SYSTEM) as session:
        keys = registry.app.state.kit.audit
        found = [fault async for fault in proving.faults_of(session, keys)]
    app = registry.app.state
    return found + [str(one) async for one in rebuilding.verify(app.database, app.kit)]


async def test_r17_old_data_is_whole_after_an_upgrade(registry: Registry) -> None:
    """As a hub of revision 0017 leaves it: no told versions, positions without a MAC, a task that waits since it was opened."""
    civil, insurer = (
        await registry(f"civil_affairs:{HOME}"),
        await registry(f"medical_insurance:{HOME}"),
    )
    before, now = uuid4(), uuid4()
    records = await push(
        registry, f"civil_affairs:{HOME}", "surveys", survey(YUZHONG), survey(YUZHONG)
    )
    await link(registry, records, [before, before])
    registry.clock.at += timedelta(days=2)
    await link(registry, records[:1], [now])
    (child,) = await surveyed(registry)
    task = {"kind": "assistance", "topic": "insurance_enrolment", "to": "medical_insurance"}
    path = await opened(civil, **task, child=None, child_id=str(child), year=2026)
    await acted(insurer, path, "accept")
    await acted(insurer, path, "return", note="缺少居住证")
    registry.clock.at += timedelta(days=2)
    seen = await acted(civil, path, "reopen")
    await opened(civil)
    await number(registry)
    _, after = await follow(civil)
    await follow(civil, after)
    assert await faults(registry) == []

    await migrated(registry, "0017")
    await migrated(registry, "head")
    assert (await civil.get(path)).json() == seen
    (told,) = await registry.system("SELECT min(told_seq - child_seq) AS least FROM children")
    assert told["least"] == 0, "a receiver would hold a later version than what comes"
    async with registry.database.transaction(SYSTEM) as session:
        old = await adopting.old(session)
        assert old.pop("change_positions") == 1 and not any(old.values())
        await adopting.adopt(session, registry.app.state.kit.audit, registry.clock.now())
    assert await faults(registry) == []
    await fold(registry)
    assert await faults(registry) == []
