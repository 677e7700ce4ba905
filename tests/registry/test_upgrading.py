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
from tests.registry.test_alerts import bill
from tests.registry.test_cases import HOME, acted, opened
from tests.registry.test_changes import follow, number
from tests.registry.test_posts import filled
from tests.registry.test_posts import made as post_made
from tests.registry.test_rosters import answered, rows
from tests.registry.test_rosters import made as roster_made

CIVIL = f"civil_affairs:{HOME}"


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


async def test_r17_a_hub_of_the_release_before_is_whole_after_an_upgrade(
    registry: Registry,
) -> None:
    """As a hub of revision 0019 leaves it: posts and rosters without a history, digests of the older make."""
    civil, surveyor = await registry(CIVIL), await registry(CIVIL, purpose="survey")
    await surveyed(registry, survey(), survey())
    await push(registry, f"medical_insurance:{HOME}", "medical-cost-alerts", bill())
    post = await post_made(civil, "protection_institution", YUZHONG)
    await filled(civil, post)
    await opened(civil)
    roster = await roster_made(surveyor, kind="national_system", division=HOME)
    first, _ = await rows(surveyor, roster)
    registry.clock.at += timedelta(days=1)
    await answered(surveyor, roster, {"row": first["row"], "verdict": "accepted"})
    assert await faults(registry) == []
    paths = {post: civil, f"/v1/rosters/{roster['id']}": surveyor, "/v1/cases": civil}
    seen = {path: (await who.get(path)).json() for path, who in paths.items()}
    moment = registry.clock.at
    registry.clock.at += timedelta(days=1)

    await migrated(registry, "0019")
    await registry.system("UPDATE children SET digest = substr(digest, 1, 16)")
    await migrated(registry, "head")
    assert {path: (await who.get(path)).json() for path, who in paths.items()} == seen
    named = await faults(registry)
    assert sum(one.startswith("post ") and "vouched" in one for one in named) == 1, named
    assert sum("children" in one and "differs" in one for one in named) == len(named) - 1 == 2
    async with registry.database.transaction(SYSTEM) as session:
        old = await adopting.old(session)
        assert old.pop("posts") == 1 and not any(old.values())
        await adopting.adopt(session, registry.app.state.kit.audit, registry.clock.now())
    told = await registry.system("SELECT count(*) AS n FROM outbox")
    await fold(registry)
    assert await registry.system("SELECT count(*) AS n FROM outbox") == told
    # Going down took the acts away of which this hub's trail tells; the trail of a real 0019 tells of none.
    (lacking,) = await faults(registry)
    assert lacking.endswith("lacks an act that the audit trail tells of")
    known = {"known_at": moment.isoformat()}
    assert (await civil.get(post, params=known)).status_code == 404, "nobody vouched for it then"
    path = f"/v1/rosters/{roster['id']}"
    assert (await surveyor.get(path, params=known)).json() == seen[path]
    known = {"known_at": registry.clock.at.isoformat()}
    assert (await civil.get(post, params=known)).json() == seen[post]
