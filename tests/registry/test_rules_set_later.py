"""What the rules left open when something began: it waits on the red list until an administrator sets it, and no longer.

From the moment at which it is set, dated back or not, it holds for what was open before, counted from that moment; a value that
was set stays, also that one.  Whoever asks what the hub knew before is told that nothing was configured.
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.registry.profiles import SHIPPED, Profiles
from shared.clock import SHANGHAI, today
from tests.registry import compartments
from tests.registry.conftest import Registry
from tests.registry.key_care import survey, surveyed
from tests.registry.test_assessments import assessment, placement, post
from tests.registry.test_cases import HOME, opened
from tests.registry.test_pressing import pressed
from tests.registry.test_rosters import made
from tests.registry.test_rules_of_the_day import (
    INSURANCE,
    INTERVENTION,
    REFERRAL,
    REPORT,
    SCALE,
    SUGGESTION,
    dated_back,
    going_by,
    guardianship,
)
from tests.registry.test_survey_rounds import ROUND, WHOLE, a_round, again, of

Seen = tuple[str, str | None]
"""What is said of waiting, and when it is due."""
Reading = Callable[..., Awaitable[Seen]]
HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
UNSET = {"no_limit_configured", "no_interval_configured"}


def a_case(**body: Any) -> Callable[[Registry], Awaitable[Reading]]:
    async def begin(registry: Registry) -> Reading:
        civil = await registry(f"civil_affairs:{HOME}")
        path = await opened(civil, **body)

        async def read(**asked: Any) -> Seen:
            seen = (await civil.get(path, params=asked)).json()
            return seen["waiting"], seen.get("due_at")

        return read

    return begin


async def a_roster(registry: Registry) -> Reading:
    await surveyed(registry, survey())
    civil = await registry(f"civil_affairs:{HOME}", purpose="verification")
    roster = await made(civil, kind="feedback", to="police", division=HOME)

    async def read() -> Seen:
        seen = (await civil.get(f"/v1/rosters/{roster['id']}")).json()
        return seen["waiting"], seen.get("due_at")

    return read


def guarded(noun: str, **more: Any) -> Callable[[Registry], Awaitable[Reading]]:
    async def begin(registry: Registry) -> Reading:
        (child,) = await surveyed(registry)
        civil = await registry(f"civil_affairs:{HOME}")
        body = {"assessments": assessment, "placements": placement}[noun](child, **more)
        assert (await post(civil, noun, **body)).status_code == 201

        async def read(**asked: Any) -> Seen:
            reply = await civil.get(f"/v1/children/{child}/guardianship", params=asked)
            (seen,) = reply.json()[noun]
            return seen["review"], seen.get("review_on")

        return read

    return begin


async def _entry(registry: Registry, level: str) -> tuple[httpx.AsyncClient, str]:
    child = await compartments.living(registry, compartments.BAOTOU)
    path = await compartments.opened(registry, "psychological_risk", child, level=level)
    return await compartments.keeper(registry, "psychological_risk"), path


async def a_follow_up(registry: Registry) -> Reading:
    who, path = await _entry(registry, "yellow")

    async def read() -> Seen:
        seen = (await who.get(path)).json()
        return seen["follow_up"].replace("within_interval", "within_limit"), seen.get(
            "follow_up_due_on"
        )

    return read


async def an_urgent_task(registry: Registry) -> Reading:
    who, path = await _entry(registry, "red")

    async def read() -> Seen:
        seen = (await who.get(path)).json()["urgent"]
        return seen["state"], seen.get("due_at")

    return read


LEVELS = 'levels = [{{ name = "green" }}, {{ name = "yellow", follow_up_days = {} }}, {{ name = "red" }}]'
OF_PLACES = [
    ("chongqing", REPORT, "reply_hours = {}", HOURS, a_case()),
    (
        "chongqing",
        REFERRAL,
        "answer_days = {}",
        DAYS,
        a_case(kind="referral", topic="medical_treatment", to="health", sender="school"),
    ),
    (
        "chongqing",
        SUGGESTION,
        "reply_days = {}",
        DAYS,
        a_case(kind="suggestion", topic="judicial", to="education", child=None),
    ),
    (
        "chongqing",
        INSURANCE,
        "assist_days = {}",
        DAYS,
        a_case(kind="assistance", topic="insurance_enrolment", to="medical_insurance", year=2026),
    ),
    (
        "chongqing",
        '[[rules.roster]]\ndirection = "feedback"\noffices = ["police"]',
        "reply_days = {}",
        DAYS,
        a_roster,
    ),
    (
        "chongqing",
        guardianship("temporary_care"),
        "review_days = {}",
        DAYS,
        guarded("placements", basis="guardian_consent"),
    ),
    (
        "chongqing",
        INTERVENTION,
        "review_days = {}",
        DAYS,
        guarded("assessments", finding="high"),
    ),
    ("inner_mongolia", SCALE, LEVELS, DAYS, a_follow_up),
    (
        "inner_mongolia",
        SCALE,
        LEVELS.replace("{}", "9") + "\nurgent_hours = {}",
        HOURS,
        an_urgent_task,
    ),
]
NAMES = [
    "report",
    "referral",
    "suggestion",
    "assistance",
    "roster",
    "placement",
    "high_risk",
    "follow_up",
    "urgent",
]


def due(at: datetime, interval: timedelta, said: str | None) -> bool:
    """Whether it is said to be due an interval after an instant, or after its day."""
    assert said is not None
    if len(said) == len("2026-03-02"):
        return date.fromisoformat(said) == at.astimezone(SHANGHAI).date() + interval
    return datetime.fromisoformat(said) == at + interval


@pytest.mark.parametrize("later", [False, True], ids=["dated back", "from a later day"])
@pytest.mark.parametrize(("place", "rule", "setting", "unit", "begin"), OF_PLACES, ids=NAMES)
async def test_r17_r60_what_was_left_open_holds_from_when_it_is_set_and_makes_nothing_late_before(
    registry: Registry,
    tmp_path: Path,
    place: str,
    rule: str,
    setting: str,
    unit: timedelta,
    begin: Callable[[Registry], Awaitable[Reading]],
    later: bool,
) -> None:
    await going_by(registry, Profiles.load(SHIPPED))
    read = await begin(registry)
    state, said = await read()
    assert (state in UNSET, said) == (True, None)
    # Open far longer than the limit that comes.
    registry.clock.at += timedelta(days=60)
    before = registry.clock.now()
    registry.clock.at += timedelta(minutes=7)
    set_at = registry.clock.now()
    since = "2020-01-01"
    if later:
        day = today(registry.clock) + 2 * DAYS
        since, set_at = f"{day}", datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    await dated_back(registry, tmp_path, place, rule, setting.format(5), since=since)
    if later:
        assert (await read())[0] in UNSET
        registry.clock.at = set_at + timedelta(minutes=1)
    state, said = await read()
    assert state == "within_limit"
    assert due(set_at, 5 * unit, said)
    assert await pressed(registry) == 0
    # What has been set stays: another amendment rewrites nothing.
    registry.clock.at += timedelta(minutes=7)
    await dated_back(registry, tmp_path, place, rule, setting.format(9000))
    assert await read() == ("within_limit", said)
    registry.clock.at = set_at + 5 * unit + DAYS
    assert await read() == ("overdue", said)
    assert await pressed(registry) == (
        "reply" in setting or "answer" in setting or "assist" in setting
    ) * ("offices" not in rule)
    if begin not in (a_roster, a_follow_up, an_urgent_task):
        state, said = await read(known_at=before.isoformat())
        assert (state in UNSET, said) == (True, None)


async def test_r7_what_a_round_takes_is_set_while_it_lasts_and_never_afterwards(
    registry: Registry, tmp_path: Path
) -> None:
    blocks = "blocks = {}"
    unset = blocks.format('"not_configured"')
    await dated_back(registry, tmp_path, "chongqing", ROUND, unset)
    client = await registry("civil_affairs:500103")
    over = await a_round(client, closes_on="2026-03-05")
    lasting = await a_round(client, opens_on="2026-03-06", closes_on="2026-03-25")
    (child,) = await surveyed(registry, survey())
    await again(registry, child, observed_on="2026-03-02", surveyed_on="2026-03-02", **WHOLE)
    registry.clock.at += timedelta(days=6)
    await again(registry, child, observed_on="2026-03-07", surveyed_on="2026-03-07", **WHOLE)
    for path in (over, lasting):
        assert [one["reached"] for one in await of(client, path)] == ["blocks_not_configured"]
    await dated_back(registry, tmp_path, "chongqing", ROUND, blocks.format('["child"]'))
    assert [one["reached"] for one in await of(client, over)] == ["blocks_not_configured"]
    assert [one["reached"] for one in await of(client, lasting)] == ["complete"]
    assert (await client.get(lasting)).json()["blocks"] == ["child"]
    # What was set while it lasted stays.
    registry.clock.at += timedelta(days=1)
    await dated_back(registry, tmp_path, "chongqing", ROUND, blocks.format('["guardianship"]'))
    assert [one["reached"] for one in await of(client, lasting)] == ["complete"]


async def test_r7_what_begins_to_hold_on_the_day_after_a_round_is_none_of_it(
    registry: Registry, tmp_path: Path
) -> None:
    client = await registry("civil_affairs:500103")
    await dated_back(registry, tmp_path, "chongqing", ROUND, 'blocks = "not_configured"')
    over = await a_round(client, closes_on="2026-03-05")
    lasting = await a_round(client, opens_on="2026-03-06", closes_on="2026-03-25")
    other = await a_round(client, division="500103001", closes_on="2026-03-06")
    held = 'blocks = "not_configured"\nvalid_until = 2026-03-05'
    begun = (
        f'{ROUND}\nwording = "示例"\nclause = "新"\nvalid_from = 2026-03-06\nblocks = ["child"]\n'
    )
    await dated_back(registry, tmp_path, "chongqing", begun + ROUND, held)
    registry.clock.at += timedelta(days=30)
    taken = [(await client.get(path)).json().get("blocks") for path in (over, other, lasting)]
    assert taken == [None, ["child"], ["child"]]


CYCLE = '[[rules.cadence]]\nduty = "survey"\nlevel = "place"\npopulation = "migrant"\nperformers = "not_configured"'


async def test_r7_a_cycle_that_is_set_later_says_when_the_next_round_is_due(
    registry: Registry, tmp_path: Path
) -> None:
    await dated_back(registry, tmp_path, "chongqing", CYCLE, 'period = "not_configured"', "旧")
    client = await registry("civil_affairs:500103")
    path = await a_round(client, closes_on="2026-03-25")
    assert "next_opens_by" not in (await client.get(path)).json()
    registry.clock.at = datetime(2026, 6, 10, 4, tzinfo=SHANGHAI)
    cycle = 'period = {{ unit = "month", count = {} }}'
    await dated_back(registry, tmp_path, "chongqing", CYCLE, cycle.format(1))
    seen = (await client.get(path)).json()
    assert (seen["next_opens_by"], seen["clause"]) == ("2026-07-10", "chongqing 旧")
    registry.clock.at += timedelta(days=1)
    await dated_back(registry, tmp_path, "chongqing", CYCLE, cycle.format(3))
    assert (await client.get(path)).json() == seen


async def test_r17_a_case_waits_by_the_limit_of_its_own_kind_in_a_list_too(
    registry: Registry, tmp_path: Path
) -> None:
    """One case was opened under no limit, one under the first, one under the second."""
    await going_by(registry, Profiles.load(SHIPPED))
    civil = await registry(f"civil_affairs:{HOME}")
    for hours in (5, 9000):
        await opened(civil)
        registry.clock.at += DAYS
        await dated_back(registry, tmp_path, "chongqing", REPORT, f"reply_hours = {hours}")
    await opened(civil)
    registry.clock.at += DAYS
    listed = (await civil.get("/v1/cases")).json()["cases"]
    assert [one["waiting"] for one in listed] == ["overdue", "overdue", "within_limit"]
    assert await pressed(registry) == 2
