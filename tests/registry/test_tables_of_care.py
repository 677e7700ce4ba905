"""Tables: what each text has a place do for its children, place by place and situation by situation, through the real app."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from services.registry.key_care.ledger import COLUMNS, WITHHELD, cells
from services.registry.profiles.rules import Rule
from tests.registry.compartments import (
    BAOTOU,
    HARBIN,
    TIANMEN,
    YUZHONG,
    act,
    ask_to_open,
    keeper,
    listed,
    living,
    opened,
)
from tests.registry.conftest import Registry
from tests.registry.test_cases import REPORT
from tests.registry.test_cases import acted as case_acted
from tests.registry.test_cases import listed as cases_listed
from tests.registry.texts import PROFILES, TODAY

CAO = "371721"


# R16: Heze, annex 1: fifteen columns, and notes 1 and 2 under them


def field(value: str) -> dict[str, str]:
    return {"value": value}


CHILD: dict[str, Any] = {
    "fields": {
        "name": field("示小满"),
        "sex": field("female"),
        "birth_date": field("x"),
        "birth_on": field("2017-05-03"),
        "id_number": field("371721201705030126"),
        "school": field("示例小学"),
        "grade": field("三年级"),
        "guardian_capacity": field("weak"),
    },
    "hukou": [{"division": "371721000000", "address": "曹县示例镇1号"}],
    "episodes": [{"division": "371702000000", "address": "牡丹区示例路2号", "until": "2026-02-01"}],
    "guardians": [{"name": "示大山", "relation": "father", "phone": "14200000001"}],
    "status": {"status": "migrant"},
    "visits": [
        {"kind": "home_visit", "channel": "in_person", "outcome": "met", "on": "2026-02-10"},
        {"kind": "contact", "channel": "phone", "outcome": "not_met", "on": "2026-02-09"},
    ],
}
ANNEX_1 = [
    ("序号", "1", "1"),
    ("儿童姓名", "示小满", "示小满"),
    ("性别", "女", "女"),
    ("年龄", "8", "8"),
    ("身份证号", "371721201705030126", "371721201705030126"),
    ("户籍地址", "曹县示例镇1号", WITHHELD),
    ("现居住地", "牡丹区示例路2号", WITHHELD),
    ("重点关爱服务对象困境类型", "自身残疾、跨乡镇（街道）主动提出救助帮扶需求", ""),
    ("就读学校/年级", "示例小学/三年级", ""),
    ("监护人姓名", "示大山", "示大山"),
    ("与监护人关系", "父亲", "父亲"),
    ("监护人联系方式", "14200000001", "14200000001"),
    ("基本情况概述", "认定：流动儿童；监护能力弱", "认定：流动儿童；监护能力弱"),
    ("关爱服务活动", "2026-02-10入户走访", "2026-02-10入户走访"),
    ("备注", "迁出时间：2026-02-01；待确认：自身残疾", "迁出时间：2026-02-01"),
]


@pytest.mark.parametrize(
    ("number", "title", "plain", "shielded"), [(n, *row) for n, row in enumerate(ANNEX_1)]
)
def test_r16_each_column_of_the_annex_holds_what_it_asks_for(
    number: int, title: str, plain: str, shielded: str
) -> None:
    """The state beside each category of hardship (note 1) and the day of moving out (note 2) included."""
    assert COLUMNS[number] == title
    day = date(2026, 3, 1)
    row = (
        "1",
        *cells(CHILD, ["disability", "self_request"], ["proposed", "confirmed"], False, day),
    )
    assert len(row) == len(COLUMNS) == 15
    assert row[number] == plain
    no_school = {k: v for k, v in CHILD["fields"].items() if k not in ("school", "grade")}
    hidden = ("1", *cells({**CHILD, "fields": no_school}, [], [], True, day))
    assert hidden[number] == shielded


# R20: 严重不良行为重点帮教信息台账 (N 二(二)): the political and legal committee leads it


@pytest.mark.parametrize(
    ("place", "who", "purpose", "status"),
    [
        ("150203", "political_legal", "service", 201),
        ("150102", "political_legal", "service", 201),
        ("150203", "civil_affairs", "key_care", 403),
        ("150203", "police", "service", 403),
        ("150203", "education", "service", 403),
        ("150203", "health", "service", 403),
        # The other texts have no such ledger: nothing is kept there, by anybody.
        (TIANMEN, "political_legal", "service", 403),
        (HARBIN, "political_legal", "service", 403),
        (CAO, "political_legal", "service", 403),
        (YUZHONG, "political_legal", "service", 403),
    ],
)
async def test_r20_who_may_write_a_child_into_the_ledger(
    registry: Registry, place: str, who: str, purpose: str, status: int
) -> None:
    child = await living(registry, place)
    writer = await registry(f"{who}:{place}", purpose=purpose)
    reply = await ask_to_open(writer, "misconduct", child)
    assert reply.status_code == status, reply.text


# R21: 绿色、黄色、橙色、红色四个等级, 分级跟踪服务 (N 四(八))

COLOURS = ("green", "yellow", "orange", "red")


@pytest.mark.parametrize("before", COLOURS)
@pytest.mark.parametrize("after", COLOURS)
async def test_r21_from_each_colour_to_each(registry: Registry, before: str, after: str) -> None:
    """One person raises, at once; nobody lowers alone; red is urgent, however it was reached, and no other colour is."""
    who = await keeper(registry, "psychological_risk")
    child = await living(registry, BAOTOU)
    path = await opened(registry, "psychological_risk", child, level=before)
    falls = COLOURS.index(after) < COLOURS.index(before)
    reply = await act(who, path, "set_level", level=after)
    assert reply.status_code == (409 if falls else 200), reply.text
    seen = (await who.get(path)).json()
    assert seen["level"] == (before if falls else after)
    assert ("urgent_since" in seen) == ("red" in (before, after) and seen["level"] == "red")
    lowest = seen["level"] == "green"
    closing = await act(who, path, "close", reason="improved")
    assert closing.status_code == (200 if lowest else 409)


# R22: 三级预警管理档案, 一生一策 (N 四(八), B 附件2第21项), 心理档案 (T 三(七)): the school has the content


@pytest.mark.parametrize(
    ("kind", "place", "more", "status"),
    [
        ("school_warning", BAOTOU, {"level": "1"}, 201),
        ("school_warning", BAOTOU, {"level": "3"}, 201),
        ("school_warning", BAOTOU, {"level": "4"}, 422),
        ("school_warning", BAOTOU, {"level": None}, 422),
        ("school_warning", BAOTOU, {"note": "测评内容"}, 422),
        ("growth_file", BAOTOU, {}, 201),
        ("growth_file", BAOTOU, {"note": "测评内容"}, 422),
        ("growth_file", BAOTOU, {"level": "1"}, 422),
        ("psychological_archive", TIANMEN, {}, 201),
        ("psychological_archive", TIANMEN, {"note": "测评内容"}, 422),
        # What a place's text does not ask for is not kept there.
        ("psychological_archive", BAOTOU, {}, 403),
        ("growth_file", "150102", {}, 403),
        ("school_warning", TIANMEN, {}, 403),
        ("school_warning", HARBIN, {}, 403),
        ("school_warning", YUZHONG, {}, 403),
    ],
)
async def test_r22_what_the_hub_is_told_of_a_schools_file(
    registry: Registry, kind: str, place: str, more: dict[str, Any], status: int
) -> None:
    child = await living(registry, place)
    school = await registry(f"education:{place}", purpose="service")
    reply = await ask_to_open(school, kind, child, **more)
    assert reply.status_code == status, reply.text


# R27: 司法建议、检察建议 for units with gaps or failings (N 五(十四), H 三(一), Z (十七), C 三(三); Tianmen's text has none)


@pytest.mark.parametrize("topic", ["judicial", "procuratorial"])
@pytest.mark.parametrize(
    ("place", "clause"),
    [
        ("150102", "五(十四)"),
        (BAOTOU, "五(十四)"),
        (TIANMEN, None),
        (HARBIN, "三(一)"),
        (CAO, "(十七)"),
        (YUZHONG, "三(三)"),
    ],
)
async def test_r27_a_suggestion_stays_open_until_it_is_answered_and_closed(
    registry: Registry, topic: str, place: str, clause: str | None
) -> None:
    civil, unit = await registry(f"civil_affairs:{place}"), await registry(f"education:{place}")
    asked = {"kind": "suggestion", "topic": topic, "place": place, "to": "education"}
    body = {**REPORT, **asked, "child": None}
    made = await civil.post("/v1/cases", json=body, headers={"Idempotency-Key": str(uuid4())})
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    told = (await unit.get(path)).json().get("clause")
    assert (told is None) == (clause is None)
    assert clause is None or told.endswith(clause)
    open_ones = await cases_listed(civil, waiting=True)
    assert [one["kind"] for one in open_ones] == ["suggestion"]
    await case_acted(unit, path, "answer", outcome="adopted")
    assert await cases_listed(unit, waiting=True) == []
    assert (await case_acted(civil, path, "close"))["state"] == "closed"


# R61: “莎姐守未”, C 二(三)2: 生活困难、监护缺失、心理行为异常 are named, out of five classes

NAMED = ("family_hardship", "missing_guardianship", "psychological_behavioural")


@pytest.mark.parametrize(
    "trigger", [*NAMED, "disability", "vagrancy", "self_request", "out_of_school"]
)
@pytest.mark.parametrize("confirmed", [True, False])
async def test_r61_which_confirmed_hardship_makes_a_key_protectee(
    registry: Registry, trigger: str, confirmed: bool
) -> None:
    """A hardship that nobody confirmed makes nobody one, nor does one that the text does not name."""
    who = await keeper(registry, "protectees")
    child = await living(registry, YUZHONG, living_security={})
    if confirmed:
        made = await who.post(
            "/v1/key-care",
            json={"child_id": str(child), "category": trigger, "reason": "found_by_visit"},
            headers={"Idempotency-Key": str(uuid4())},
        )
        assert made.status_code in (201, 422), made.text
    reply = await ask_to_open(who, "protectees", child, trigger=trigger)
    expected = 422 if trigger not in NAMED else 201 if confirmed else 409
    assert reply.status_code == expected, reply.text
    assert len(await listed(who, "protectees")) == (expected == 201)


@pytest.mark.parametrize("place", [BAOTOU, TIANMEN, HARBIN, CAO])
async def test_r61_no_other_text_has_key_protectees(registry: Registry, place: str) -> None:
    child = await living(registry, place)
    who = await registry(f"civil_affairs:{place}")
    reply = await ask_to_open(who, "protectees", child)
    assert reply.status_code == 403, reply.text


# R63: what Baotou says itself, and what the region's plan says for it (B 二; N 五(十二))

REGION, CITY = "内蒙古", "包头市"
LAYERS = [
    ("migrant_child", "", REGION),
    ("central_districts", "", REGION),
    ("cadence", "survey", REGION),
    ("cadence", "key_care_contact", REGION),
    ("cadence", "key_care_home_visit", CITY),
    ("cadence", "key_care_home_visit_self_request", REGION),
    ("cadence", "school_home_visit", REGION),
    ("cadence", "psychological_screening", CITY),
    ("hardship", "family_hardship", CITY),
    ("hardship", "self_request", CITY),
    ("risk_scale", "psychological", REGION),
    ("misconduct_ledger", "", REGION),
    ("school_file", "three_level_warning", CITY),
    ("school_file", "growth_file", CITY),
    ("guardianship", "temporary_care", REGION),
    ("guardianship", "support", CITY),
    ("report", "guardian_fails_duty", REGION),
    ("case_measure", "admonition", REGION),
    ("suggestion", "judicial", REGION),
    ("hotline", "青少年服务台", REGION),
    ("hotline", "青春导航热线", CITY),
    ("insurance", "", REGION),
    ("vaccination", "", REGION),
    ("network", "", REGION),
]


def rule_of(place: str, family: str, key: str, on: date) -> Rule | None:
    for layer in PROFILES[place].layers:
        for rule in layer.rules.get((family, key), ()):
            if rule.valid_from <= on and (rule.valid_until is None or on <= rule.valid_until):
                return rule
    return None


def said(rule: Rule) -> tuple[str, str]:
    """The text behind it; which divisions it speaks of follows from the place."""
    return rule.clause, rule.wording


@pytest.mark.parametrize(("family", "key", "of"), LAYERS)
def test_r63_each_rule_of_the_city_is_its_own_or_the_regions(
    family: str, key: str, of: str
) -> None:
    """Between the two texts' days the region's alone held, of what both have; what the city adds began with its notice."""
    today = rule_of("baotou", family, key, TODAY)
    assert today is not None and today.clause.startswith(of)
    region = rule_of("inner_mongolia", family, key, TODAY)
    if of == REGION and "self_request" not in key:
        assert region is not None and said(region) == said(today)
    earlier = date(2024, 11, 15)
    before, then = (rule_of(place, family, key, earlier) for place in ("baotou", "inner_mongolia"))
    assert (before and said(before)) == (then and said(then))


def test_r63_the_table_names_every_family_that_the_city_overrides() -> None:
    own = {
        family
        for family, _, versions in PROFILES["baotou"].effective()
        if any(one.clause.startswith(CITY) for one in versions)
    }
    assert {family for family, _, of in LAYERS if of == CITY} <= own
    assert {"cadence", "hardship", "school_file", "guardianship", "hotline"} <= own
