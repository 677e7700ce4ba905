"""An alert on an entry that is nobody's is raised by the rules of the hub at its receipt, and by none that came later."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from services.registry.alerts.reporting import settle
from services.registry.profiles import SHIPPED, Profiles
from shared.database import SYSTEM, raw
from tests.registry.conftest import Registry
from tests.registry.key_care import link, push, surveyed
from tests.registry.test_alerts import alerts, amended, bill, proven, the_alert
from tests.registry.test_duties import on
from tests.registry.test_rules_of_the_day import going_by

CIVIL, INSURER = "civil_affairs:500103", "medical_insurance:500103"
HOUR = timedelta(hours=1)
RULE = """
[[rules.alert]]
alert = "costly_bill"
clause = "一"
wording = "示例"
valid_from = {valid_from}
owner = "civil_affairs"
due_days = {due_days}
active = {active}
"""


@pytest.mark.parametrize("valid_from", ["2020-01-01", "2026-03-02"])
@pytest.mark.parametrize(("due_days", "active"), [("5", "true"), ('"not_configured"', "false")])
async def test_r41_a_rule_that_is_changed_later_makes_no_honest_alert_a_forged_one(
    registry: Registry, tmp_path: Path, valid_from: str, due_days: str, active: str
) -> None:
    """It stays as it was raised, also when it is given back; the next entry goes by the new rule."""
    (record,) = await push(registry, INSURER, "medical-cost-alerts", bill())
    civil = await registry(CIVIL)
    before = await the_alert(civil, "costly_bill")
    registry.clock.at += HOUR
    rule = RULE.format(valid_from=valid_from, due_days=due_days, active=active)
    amended(registry, tmp_path, "chongqing", rule)
    assert await the_alert(civil, "costly_bill") == before
    await proven(registry)

    await link(registry, [record], [uuid4()])
    await proven(registry)
    await link(registry, [record], [None])
    if active == "true":  # else the fold took it away, and nobody forgets that it had been raised
        assert await the_alert(civil, "costly_bill") == before
    await proven(registry)

    registry.clock.at += HOUR
    await push(registry, INSURER, "medical-cost-alerts", bill())
    told = await alerts(civil, kind="costly_bill")
    assert [one["due_on"] for one in told if "due_on" in one] == (
        ["2026-03-07"] if active == "true" else []
    )
    await proven(registry)


async def test_r41_a_rule_that_comes_later_misses_no_alert_of_before(
    registry: Registry, tmp_path: Path
) -> None:
    off = RULE.format(valid_from="2020-01-01", due_days=5, active="false")
    amended(registry, tmp_path, "chongqing", off)
    await push(registry, INSURER, "medical-cost-alerts", bill())
    assert await alerts(await registry(CIVIL), kind="costly_bill") == []
    registry.clock.at += HOUR
    await going_by(registry, Profiles.load(SHIPPED))
    await proven(registry)


async def test_r41_a_day_that_is_set_later_is_that_of_what_waited_before(
    registry: Registry, tmp_path: Path
) -> None:
    """Of an entry that is nobody's from when it is set, dated back or not; what was set stays."""
    await going_by(registry, Profiles.load(SHIPPED))
    await push(registry, INSURER, "medical-cost-alerts", bill())
    civil = await registry(CIVIL)
    assert (await the_alert(civil, "costly_bill"))["missing"] == ["due_days"]
    for days, amended_on in ((5, timedelta(days=20)), (50, timedelta(days=1))):
        registry.clock.at += amended_on
        rule = RULE.format(valid_from="2020-01-01", due_days=days, active="true")
        amended(registry, tmp_path, "chongqing", rule)
        await going_by(registry, registry.app.state.kit.profiles)
        async with registry.database.transaction(SYSTEM) as session:
            await settle(await raw(session), registry.app.state.kit, registry.clock.now())
        told = await the_alert(civil, "costly_bill")
        assert (told["due_on"], "missing" in told) == ("2026-03-27", False)
        await proven(registry)


async def test_r41_a_day_that_is_set_from_a_later_day_on_is_that_of_what_was_raised_before(
    registry: Registry, tmp_path: Path
) -> None:
    """Of a child's alert, folded: nothing falls due sooner than the new number of days after the rule's first."""
    (child,) = await surveyed(registry)
    (record,) = await push(registry, INSURER, "medical-cost-alerts", bill())
    await link(registry, [record], [child])
    civil = await registry(CIVIL)
    assert (await the_alert(civil, "costly_bill"))["missing"] == ["due_days"]
    rule = RULE.format(valid_from="2026-03-10", due_days=5, active="true")
    amended(registry, tmp_path, "chongqing", rule)
    await on(registry, "2026-03-11")
    await link(registry, [record], [child])
    told = await the_alert(civil, "costly_bill")
    assert (told["due_on"], "missing" in told) == ("2026-03-15", False)
    await proven(registry)
