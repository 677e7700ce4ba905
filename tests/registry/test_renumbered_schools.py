"""What schools reported of their lessons, where a township passed to another county or got another code: each report once.

Cast: *茨竹*, as invented here, is a township of 渝北 that passes to 北碚 on the day on which 渝北 becomes 两江新区.
*静观*, of 北碚, gets another code on that day.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.registry.profiles import SHIPPED, Profiles
from shared import divisions
from tests.registry.conftest import Registry
from tests.registry.handing import civil, item
from tests.registry.key_care import link, push
from tests.registry.test_calendar_duties import CALENDAR, lessons, report
from tests.registry.test_rules_of_the_day import going_by
from tests.registry.test_successions import (
    BEIBEI,
    CIZHU,
    CIZHU_NOW,
    DAY,
    EVE,
    LIANGJIANG,
    TRANSFER,
    at,
    living_in,
    sweep,
)

JINGGUAN, JINGGUAN_NOW = 500109110000, 500109130000
SCHOOL = "示例小学"
TWICE = f"""{CALENDAR}
valid_from = 2020-01-01
wording = "示例"

[[rules.cadence]]
duty = "law_lesson"
level = "school"
population = "enrolled"
performers = ["school"]
period = {{ unit = "semester", times = 2 }}
clause = "示例"
wording = "示例"
valid_from = 2020-01-01

[[transfers]]
code = "{str(JINGGUAN)[:9]}"
becomes = "{str(JINGGUAN_NOW)[:9]}"
on = 2025-11-06
basis = "as invented for this test"
"""


async def taught(registry: Registry, folder: Path, place: int, *, times: int) -> str:
    """A pupil of a township, whose school reported so many lessons, and what was known of them on the day before."""
    (folder / "exchange.toml").write_text(TRANSFER + TWICE, encoding="utf-8")
    await going_by(registry, Profiles.load(SHIPPED, folder))
    at(registry, EVE)
    child = await living_in(registry, place)
    division = divisions.text_of(place)
    enrolled = item("education", division, date(2025, 9, 1), observed_on=f"{EVE}")
    records = await push(registry, f"education:{division[:6]}", "enrolments", enrolled)
    await link(registry, records, [child])
    office = await civil(registry, division[:6])
    for _ in range(times):
        told = await report(office, division=division, school=SCHOOL, done_on=f"{EVE}")
        assert told.status_code == 201, told.text
    moment = registry.clock.at.isoformat()
    at(registry, DAY)
    await sweep(registry)
    return moment


def told(found: dict[str, Any]) -> tuple[int, int, int, int]:
    return found["known"], found["fulfilled"], found["done"], found["unknown"]


@pytest.mark.parametrize("within", [None, JINGGUAN_NOW])
@pytest.mark.parametrize(("times", "fulfilled"), [(1, 0), (2, 1)])
async def test_r2_r58_a_report_under_the_code_of_before_counts_once(
    registry: Registry, tmp_path: Path, within: int | None, times: int, fulfilled: int
) -> None:
    moment = await taught(registry, tmp_path, JINGGUAN, times=times)
    office = await civil(registry, str(BEIBEI)[:6])
    asked = {"within": str(within)} if within else {}
    for when in ({}, {"known_at": moment}):
        assert told(await lessons(office, **asked, **when)) == (1, fulfilled, times, 0), when


async def test_r2_r58_what_a_school_reported_counts_for_the_county_to_which_its_township_passed(
    registry: Registry, tmp_path: Path
) -> None:
    moment = await taught(registry, tmp_path, CIZHU, times=2)
    gained = await civil(registry, str(BEIBEI)[:6])
    for asked in ({}, {"within": str(CIZHU_NOW)}, {"known_at": moment}):
        assert told(await lessons(gained, **asked)) == (1, 1, 2, 0), asked
    heir = await civil(registry, str(LIANGJIANG)[:6])
    for asked in ({}, {"known_at": moment}):
        assert told(await lessons(heir, **asked)) == (0, 0, 0, 0), asked
