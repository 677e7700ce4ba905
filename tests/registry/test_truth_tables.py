"""The truth tables of the definition: who counts, where, on which day, by the shipped texts.

One row a case that officials argue about. The finer tables are in test_status.py.
"""

from dataclasses import dataclass
from datetime import date

import pytest

from services.registry.profiles import SHIPPED, Profiles
from services.registry.status import ChildFacts, Episode, HukouSpell, decide

PROFILES = Profiles.load(SHIPPED)
BORN = date(2016, 5, 20)
LONG_AGO = date(2022, 1, 1)
YUZHONG, YUBEI, WANZHOU = 500103000000, 500112000000, 500101000000
JIANGBEI = 500105000000
LIANGJIANG, LIANGJIANG_LOCAL, HIGH_TECH = 500157000000, 500171000000, 500172000000
XIANTAO, TIANMEN = 429004000000, 429006000000
CAOXIAN, MUDAN, DINGTAO = 371721000000, 371702000000, 371703000000
KUNDULUN, RARE_EARTH, GUYANG = 150203000000, 150271000000, 150222000000
NANGANG, XIANGFANG, YILAN = 230103000000, 230110000000, 230123000000


@dataclass(frozen=True)
class Case:
    """A child of `hukou` that lived in places since and until days; its status on days."""

    title: str
    hukou: int
    stays: tuple[tuple[int, date, date | None], ...]
    told: dict[date, str]
    born: date = BORN


def stayed(
    code: int, since: date = LONG_AGO, until: date | None = None
) -> tuple[int, date, date | None]:
    return code, since, until


CASES = (
    Case(
        "six months exactly, arrived on the 15th",
        CAOXIAN,
        (stayed(WANZHOU, date(2025, 1, 15)),),
        {date(2025, 7, 14): "not_yet", date(2025, 7, 15): "migrant"},
    ),
    Case(
        "six months from 31 August end with February",
        CAOXIAN,
        (stayed(WANZHOU, date(2025, 8, 31)),),
        {date(2026, 2, 27): "not_yet", date(2026, 2, 28): "migrant"},
    ),
    Case(
        "six months from 31 August end on 29 February in a leap year",
        CAOXIAN,
        (stayed(WANZHOU, date(2027, 8, 31)),),
        {date(2028, 2, 28): "not_yet", date(2028, 2, 29): "migrant"},
    ),
    Case(
        "the sixteenth birthday",
        CAOXIAN,
        (stayed(WANZHOU),),
        {date(2026, 5, 19): "migrant", date(2026, 5, 20): "aged_out"},
        born=date(2010, 5, 20),
    ),
    Case(
        "born on 29 February, sixteen in a leap year",
        CAOXIAN,
        (stayed(WANZHOU),),
        {date(2028, 2, 28): "migrant", date(2028, 2, 29): "aged_out"},
        born=date(2012, 2, 29),
    ),
    Case(
        "six months complete on the sixteenth birthday: never a migrant child",
        CAOXIAN,
        (stayed(WANZHOU, date(2025, 1, 15)),),
        {date(2025, 7, 14): "not_yet", date(2025, 7, 15): "aged_out"},
        born=date(2009, 7, 15),
    ),
    Case(
        "out and in on one day: nothing interrupted",
        CAOXIAN,
        (stayed(WANZHOU, date(2025, 1, 1), date(2025, 5, 1)), stayed(WANZHOU, date(2025, 5, 1))),
        {date(2025, 6, 30): "not_yet", date(2025, 7, 1): "migrant"},
    ),
    Case(
        "out and in on one day, through the hukou county: begun anew",
        CAOXIAN,
        (
            stayed(WANZHOU, date(2025, 1, 1), date(2025, 5, 1)),
            stayed(CAOXIAN, date(2025, 5, 1), date(2025, 5, 3)),
            stayed(WANZHOU, date(2025, 5, 3)),
        ),
        {
            date(2025, 5, 2): "not_cross_county",
            date(2025, 7, 1): "not_yet",
            date(2025, 11, 2): "not_yet",
            date(2025, 11, 3): "migrant",
        },
    ),
    Case(
        "渝中 to 渝北, before and after 渝北 ended (it became 两江新区 on 6 November 2025)",
        YUZHONG,
        (stayed(YUBEI),),
        {
            date(2025, 11, 5): "excluded",
            date(2025, 11, 6): "excluded",
            date(2026, 6, 1): "excluded",
        },
    ),
    Case(
        "江北 to 渝北: two counties until 5 November 2025, one since",
        JIANGBEI,
        (stayed(YUBEI),),
        {
            date(2025, 11, 5): "excluded",
            date(2025, 11, 6): "not_cross_county",
            date(2026, 6, 1): "not_cross_county",
        },
    ),
    Case(
        "万州 to 渝北 counts, before and after 渝北 ended",
        WANZHOU,
        (stayed(YUBEI),),
        {date(2025, 11, 5): "migrant", date(2025, 11, 6): "migrant"},
    ),
    Case("渝中 to 万州 counts", YUZHONG, (stayed(WANZHOU),), {date(2026, 6, 1): "migrant"}),
    Case("万州 to 渝中 counts", WANZHOU, (stayed(YUZHONG),), {date(2026, 6, 1): "migrant"}),
    Case(
        "重庆高新区 has a local code only: central all the same",
        YUZHONG,
        (stayed(HIGH_TECH),),
        {date(2025, 6, 1): "excluded", date(2026, 6, 1): "excluded"},
    ),
    Case(
        "from 重庆高新区 to a county outside the centre",
        HIGH_TECH,
        (stayed(WANZHOU),),
        {date(2026, 6, 1): "migrant"},
    ),
    Case(
        "两江新区 under its local code, before and after the national one began",
        YUZHONG,
        (stayed(LIANGJIANG_LOCAL),),
        {date(2025, 11, 5): "excluded", date(2025, 11, 6): "excluded"},
    ),
    Case(
        "两江新区 under 500157, since it began",
        YUZHONG,
        (stayed(LIANGJIANG, date(2025, 11, 6)),),
        {date(2025, 11, 6): "excluded", date(2026, 6, 1): "excluded"},
    ),
    Case(
        "两江新区 under both codes is one county",
        LIANGJIANG,
        (stayed(LIANGJIANG_LOCAL),),
        {date(2026, 6, 1): "not_cross_county"},
    ),
    Case(
        "to 天门, whose text exempts nobody",
        XIANTAO,
        (stayed(TIANMEN),),
        {date(2025, 7, 29): "cannot_tell", date(2025, 7, 30): "migrant"},
    ),
    Case(
        "between districts of a city whose centre is not configured",
        MUDAN,
        (stayed(DINGTAO),),
        {date(2026, 6, 1): "cannot_tell"},
    ),
    Case(
        "between districts of a provincial city of which nothing is configured",
        NANGANG,
        (stayed(XIANGFANG),),
        {date(2026, 6, 1): "cannot_tell"},
    ),
    Case(
        "from a county, which is no district, into such a city",
        YILAN,
        (stayed(XIANGFANG),),
        {date(2026, 6, 1): "migrant"},
    ),
    Case(
        "from a county into the centre of such a city",
        CAOXIAN,
        (stayed(MUDAN),),
        {date(2026, 6, 1): "migrant"},
    ),
    Case(
        "包头稀土高新区, from a district beside it: whether both are central is not configured",
        KUNDULUN,
        (stayed(RARE_EARTH),),
        {date(2025, 6, 1): "cannot_tell"},
    ),
    Case(
        "包头稀土高新区, from a county of the city",
        GUYANG,
        (stayed(RARE_EARTH),),
        {date(2025, 6, 1): "migrant"},
    ),
    Case(
        "包头稀土高新区 to itself",
        RARE_EARTH,
        (stayed(RARE_EARTH),),
        {date(2025, 6, 1): "not_cross_county"},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_r1_r2_who_counts(case: Case) -> None:
    facts = ChildFacts(
        case.born,
        (HukouSpell(case.hukou),),
        tuple(Episode(*stay, accompanied=True, confirmed=True) for stay in case.stays),
    )
    told = {}
    for day in case.told:
        here = [code for code, since, until in case.stays if since <= day]
        profile = PROFILES.for_division(here[-1], day)
        told[day] = decide(facts, profile, day).status.value
    assert told == case.told


def test_what_cannot_be_told_names_the_rule_that_is_missing() -> None:
    facts = ChildFacts(
        BORN, (HukouSpell(MUDAN),), (Episode(DINGTAO, LONG_AGO, accompanied=True, confirmed=True),)
    )
    day = date(2026, 6, 1)
    decision = decide(facts, PROFILES.for_division(DINGTAO, day), day)
    assert decision.missing == ("central_districts",)
