"""Whoever writes to the database of notifications, and holds no key, moves no child's file from one hub to another, and back.

An answer bears a MAC; where its notice stands does not, so that nothing is said to a registry or a peer by that alone.
"""

from datetime import timedelta

from tests.notifications.hubs import Hub
from tests.notifications.test_handing_over import (
    BEFORE,
    NEXT,
    Counties,
    counties,
    withdrawn,
)

__all__ = ["counties"]


async def put(hub: Hub, state: str) -> None:
    """What the thief makes of the notice, to be pushed and told again."""
    await hub.rows(
        "UPDATE notices SET state = $1, pushed = 'waiting', due_at = created_at,"
        " untold = true WHERE kind = 'handover'",
        state,
    )


async def test_r6_an_acceptance_that_stands_is_taken_back_by_nobodys_act(
    counties: Counties,
) -> None:
    await counties.propose()
    day = counties.today + timedelta(days=5)
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    assert (await counties.received())["settled"] == "kept"
    for hub in (counties.heze, counties.chongqing):
        await put(hub, "withdrawn")
        await counties.settle()
        assert await counties.responsible(day) == (NEXT, NEXT), hub.name


async def test_r6_of_an_answer_on_its_way_the_other_hub_hears_nothing_else(
    counties: Counties,
) -> None:
    """Our registry is not there when the answer comes; the thief has the notice taken back meanwhile."""
    await counties.propose()
    day = counties.today + timedelta(days=5)
    network, registry = counties.chongqing.network, counties.chongqing.url("registry")
    network.cut.add(registry)
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    await put(counties.chongqing, "withdrawn")
    await counties.settle()
    assert (await counties.received()).get("settled") is None, "nobody took it back"
    network.cut.discard(registry)
    await counties.days_pass(1)
    assert await counties.responsible(day) == (NEXT, NEXT)
    assert (await counties.received())["settled"] == "kept"


async def test_r6_an_acceptance_that_is_void_is_none_again(counties: Counties) -> None:
    """It was void before the registry there had heard of it, and so knows of no act that ended it."""
    await counties.propose()
    await counties.received()
    network, day = counties.chongqing.network, counties.today + timedelta(days=1)
    network.cut.add(counties.heze.url("registry"))
    network.silent.add(counties.chongqing.url("notifications"))
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    assert (await withdrawn(counties)).status_code == 200
    await counties.settle()
    network.silent.clear()
    network.cut.clear()
    await counties.days_pass(1)
    assert (await counties.received())["settled"] == "void"
    assert await counties.responsible(counties.today) == BEFORE
    await put(counties.heze, "answered")
    await counties.settle()
    await counties.days_pass(2)
    assert await counties.responsible(counties.today) == BEFORE
