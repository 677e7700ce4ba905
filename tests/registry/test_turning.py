"""Turning: a later day writes of a child what it makes other, and nothing else; what stands in its tables stays proven."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.registry.children import parts
from services.registry.children.parts import Part
from services.registry.children.registration import refold
from shared.clock import today
from shared.database import SYSTEM
from tests.registry.conftest import Registry
from tests.registry.key_care import lead, link, push, survey, surveyed
from tests.registry.test_alerts import alerts, bill, fold, on, proven, the_alert, told

HANGING = ("alerts", "duties", "survey_standings", "key_care", "child_lookups")


async def written(registry: Registry, child: UUID) -> dict[str, set[Any]]:
    """Of each table the versions of the child's rows: one that was written again is another."""
    found = {
        table: {
            (row["ctid"], row["xmin"])
            for row in await registry.system(
                f"SELECT ctid::text, xmin::text FROM {table} WHERE child_id = $1", child
            )
        }
        for table in HANGING
    }
    (row,) = await registry.system("SELECT gist, sealed FROM children WHERE id = $1", child)
    return {**found, "gist": {row["gist"]}, "sealed": {row["sealed"]}}


async def test_r41_a_turn_writes_what_the_day_made_other_and_nothing_else(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry)
    await told(registry, child, "medical_insurance:500103", "medical-cost-alerts", bill())
    before = await written(registry, child)
    assert all(before[table] for table in HANGING if table != "duties")
    civil = await registry("civil_affairs:500103")
    known = {one["id"] for one in await alerts(civil)}

    now = known
    while now == known:
        day = registry.clock.now().date() + timedelta(days=1)
        await on(registry, f"{day}")
        now = {one["id"] for one in await alerts(civil)}

    after = await written(registry, child)
    await proven(registry)
    assert now > known
    assert before["alerts"] < after["alerts"]
    assert before["sealed"] != after["sealed"]  # it is bound to the day that comes next
    for same in ("survey_standings", "key_care", "child_lookups", "gist"):
        assert before[same] == after[same], same


async def test_r41_an_alert_whose_entry_came_back_before_a_fold_comes_back_with_it(
    registry: Registry,
) -> None:
    """The other child took the alert up meanwhile; by its own digest nothing has changed of the first."""
    one, other = await surveyed(registry, survey(living_security={}), survey(living_security={}))
    item = bill()
    (record,) = await push(registry, "medical_insurance:500103", "medical-cost-alerts", item)
    await link(registry, [record], [one])
    await lead(registry, [record], [other])
    async with registry.database.transaction(SYSTEM) as session:
        kit, now = registry.app.state.kit, registry.clock.now()
        assert await refold(session, kit, [other], today(registry.clock), now) == []

    await lead(registry, [record], [one])
    await fold(registry)

    civil = await registry("civil_affairs:500103")
    assert (await the_alert(civil, "costly_bill"))["child"]["id"] == str(one)
    await proven(registry)


def test_r41_a_digest_without_parts_says_nothing_of_what_stands() -> None:
    new = bytes(len(Part) * parts.WIDTH)
    assert parts.altered(new, new) == frozenset()
    for unknown in (None, b"", b"d" * 16):
        assert parts.altered(new, unknown) == frozenset(Part)
        assert parts.alerts_of(unknown) is None


def test_r41_each_part_of_a_digest_tells_of_one_table_alone() -> None:
    old = bytes(len(Part) * parts.WIDTH)
    for part in Part:
        at = part * parts.WIDTH
        new = old[:at] + b"d" * parts.WIDTH + old[at + parts.WIDTH :]
        assert parts.altered(new, old) == {part}
    one, two = b"1" * parts.WIDTH, b"2" * parts.WIDTH
    assert parts.alerts_of(old + one + two) == [one, two]
