"""The queues as ``/metrics`` tells them: what waits shows, and what is done shows no more."""

import pytest

from services.notifications.queues import QUEUES as TO_TELL
from services.registry.queues import QUEUES as TO_REGISTER
from shared import backlog
from shared.vocabulary import Department
from tests.guards.story import ENROLLED, HOME, World, item, push
from tests.notifications.hubs import settle

pytestmark = pytest.mark.asyncio(loop_scope="module")
DONE = (0.0, 0.0)
QUEUES = {"registry": TO_REGISTER, "notifications": TO_TELL}


async def shown(world: World, service: str) -> dict[str, tuple[float, float]]:
    """Each queue's length and the age of its oldest item, as Prometheus reads them just now."""
    await backlog.measure(world.hub.apps[service].state.database, service, QUEUES[service])
    reply = await (await world.anyone(service)).get("/metrics")
    values = dict(line.rsplit(" ", 1) for line in reply.text.splitlines() if line[0] != "#")

    def value(metric: str, queue: str) -> float:
        return float(values[f'hutong_queue_{metric}{{queue="{queue}",service="{service}"}}'])

    return {q: (value("length", q), value("oldest_seconds", q)) for q in QUEUES[service]}


async def test_what_waits_shows_and_what_is_done_does_not(world: World) -> None:
    education = await world(Department.EDUCATION, HOME)
    worker = world.hub.registry_worker
    await settle(world.hub)
    assert {length for length, _ in (await shown(world, "registry")).values()} == {0}

    await push(education, "enrolments", item("Q-1", **ENROLLED), item("Q-2", **ENROLLED))
    length, oldest = (await shown(world, "registry"))["resolution"]
    assert length == 2
    assert 0 < oldest < 60
    await worker.resolve()
    after = await shown(world, "registry")
    assert after["resolution"] == DONE
    assert after["fold"][0] == 1
    await worker.fold()
    after = await shown(world, "registry")
    assert after["fold"] == DONE
    told, _ = after["outbox"]
    assert told > 0
    await worker.sequence()
    assert (await shown(world, "registry"))["outbox"][0] == told
    await worker.relay()
    assert (await shown(world, "registry"))["outbox"] == DONE
    assert (await shown(world, "notifications"))["events"][0] == told
    await settle(world.hub)
    assert (await shown(world, "notifications"))["events"] == DONE


@pytest.mark.parametrize(
    ("queue", "change"),
    [
        ("deliveries", "state = 'pending', due_at = now() - interval '1 hour'"),
        ("deliveries_parked", "state = 'parked', created_at = now() - interval '1 hour'"),
    ],
)
async def test_deliveries_that_wait_show(told: World, queue: str, change: str) -> None:
    before, _ = (await shown(told, "notifications"))[queue]
    await told.rows(
        f"UPDATE deliveries SET {change} WHERE id = (SELECT min(id::text)::uuid FROM deliveries)",
        service="notifications",
    )
    length, oldest = (await shown(told, "notifications"))[queue]
    assert length == before + 1
    assert oldest > 3500
