"""What a county owes as such, once its code has ended: what it had done is asked of nobody again, and what was left is not lost.

Cast: 渝北 and 江北 became 两江新区 on 6 November 2025, which had a local code until then; 定陶县 became 定陶区 with the end of
2016; 下城 was merged into 拱墅, which had been there before, and 江干 split between 上城 and 钱塘, both in April 2021.
"""

from datetime import date

import pytest

from services.registry.calendar_duties.counting import lineage, times
from services.registry.profiles import SHIPPED, Profiles
from tests.registry.conftest import Registry
from tests.registry.handing import civil
from tests.registry.test_calendar_duties import meeting, report
from tests.registry.test_renumbered_files import beibei, jiangbei, liangjiang, yubei
from tests.registry.test_successions import (
    DAY,
    DINGTAO,
    DINGTAO_OLD,
    EVE,
    JIANGBEI,
    JIANGGAN,
    LIANGJIANG,
    LOCAL,
    QIANTANG,
    SHANGCHENG,
    YUBEI,
    at,
    sweep,
)

PROFILES = Profiles.load(SHIPPED)
XIACHENG, GONGSHU = 330103000000, 330105000000
SCHOOL_YEAR, NEXT, Y2021, Y2025 = (
    date(2016, 9, 1),
    date(2017, 3, 1),
    date(2021, 1, 1),
    date(2025, 1, 1),
)


@pytest.mark.parametrize(
    ("title", "place", "first", "done", "counted"),
    [
        ("renumbered", DINGTAO, SCHOOL_YEAR, {DINGTAO_OLD: 1}, 1),
        ("before and after", DINGTAO, SCHOOL_YEAR, {DINGTAO_OLD: 1, DINGTAO: 2}, 3),
        ("a span of later", DINGTAO, NEXT, {DINGTAO_OLD: 1}, 0),
        ("one of two", LIANGJIANG, Y2025, {YUBEI: 2}, 0),
        ("both, one of them more often", LIANGJIANG, Y2025, {YUBEI: 2, JIANGBEI: 1}, 1),
        ("one of two, and the heir", LIANGJIANG, Y2025, {YUBEI: 1, LIANGJIANG: 1}, 1),
        ("the same under its local code", LIANGJIANG, Y2025, {LOCAL: 1}, 1),
        ("for itself", YUBEI, Y2025, {YUBEI: 1, JIANGBEI: 1, LIANGJIANG: 1}, 1),
        ("merged into one that was there", GONGSHU, Y2021, {XIACHENG: 1}, 0),
        ("which held its own", GONGSHU, Y2021, {GONGSHU: 1}, 1),
        ("split, new", QIANTANG, Y2021, {JIANGGAN: 1}, 0),
        ("split, old", SHANGCHENG, Y2021, {JIANGGAN: 1}, 0),
    ],
)
def test_r2_r58_what_was_done_before_a_code_ended_counts_once(
    title: str, place: int, first: date, done: dict[int, int], counted: int
) -> None:
    assert times(PROFILES, place, first, done) == counted
    asked = lineage(PROFILES, place, first)
    assert sum(done.get(code, 0) for code in asked) >= counted
    assert len({*asked}) == len(asked)


async def test_r2_r58_a_meeting_that_every_county_had_held_is_not_owed_again_by_their_heir(
    registry: Registry,
) -> None:
    at(registry, EVE)
    held = {"duty": "progress_meeting", "done_on": "2025-10-20"}
    told = await report(await civil(registry, yubei), **held, division=yubei)
    assert told.status_code == 201, told.text
    other = await civil(registry, jiangbei)
    assert await meeting(other) == (0, "pending")
    at(registry, DAY)
    await sweep(registry)
    heir = await civil(registry, liangjiang)
    assert await meeting(heir) == (0, "pending"), "one of the two had held none"
    moment = registry.clock.at.isoformat()

    at(registry, date(2025, 11, 7))
    # Its office tells late of what it held before.
    above = await civil(registry, "500000")
    assert (await report(above, **held, division=jiangbei)).status_code == 201
    for asked in ({}, {"within": liangjiang}, {"within": "500157001"}):
        assert await meeting(heir, **asked) == (1, None), asked
    assert await meeting(heir, known_at=moment) == (0, "pending")
    assert await meeting(above, within=liangjiang) == (1, None)
    assert await meeting(above, within=yubei) == (1, None)
    assert await meeting(await civil(registry, beibei)) == (0, "pending")
    assert await meeting(await civil(registry, beibei), within=liangjiang) == (0, "pending")
    school = await registry(f"education:{liangjiang}", purpose="service")
    assert (await meeting(school))[0] == 0, "civil affairs alone is told of others' reports"
