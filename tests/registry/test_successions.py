"""Divisions that are abolished, renamed, merged, split or give townships away: nobody moves by it and nobody is stranded.

Cast: 江北 and 渝北 became 两江新区 on 6 November 2025; 定陶县 became 定陶区 with the end of 2016; 江干 was split between 上城 and
钱塘 on 9 April 2021; 茨竹, as invented here, is a township of 渝北 that passes to 北碚.
"""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.children.claims import Source, Stay, VisitClaim
from services.registry.children.rebuilding import verify
from services.registry.children.residing import Residing, reside
from services.registry.children.turning import turn_batch
from services.registry.duties.offices import Offices
from services.registry.erasures import authenticity as erasures
from services.registry.profiles import SHIPPED, Profiles
from services.registry.status import ChildFacts, Episode, HukouSpell, decide
from services.registry.status.places import crossing, place_of
from services.registry.successions.carrying import carry
from shared import divisions
from shared.clock import today
from shared.database import SYSTEM
from tests.registry import compartments, test_cases
from tests.registry.conftest import Registry
from tests.registry.key_care import decide as settle
from tests.registry.key_care import fold, link, push, survey, the_entry

JIANGBEI, YUBEI, LIANGJIANG = 500105000000, 500112000000, 500157000000
LOCAL, YUZHONG, BEIBEI, WANZHOU = 500171000000, 500103000000, 500109000000, 500101000000
DINGTAO_OLD, DINGTAO = 371727000000, 371703000000
JIANGGAN, SHANGCHENG, QIANTANG = 330104000000, 330102000000, 330114000000
CIZHU, CIZHU_NOW = 500112137000, 500109119000
EVE, DAY = date(2025, 11, 5), date(2025, 11, 6)
TRANSFER = f"""
id = "exchange"
amends = "chongqing"

[documents.main]
name = "渝府〔2025〕15号"
valid_from = 2025-11-06

[[transfers]]
code = "{str(CIZHU)[:9]}"
becomes = "{str(CIZHU_NOW)[:9]}"
on = 2025-11-06
basis = "as invented for this test"
"""
PROFILES = Profiles.load(SHIPPED)


@pytest.fixture(scope="module")
def exchanged(tmp_path_factory: pytest.TempPathFactory) -> Profiles:
    folder = tmp_path_factory.mktemp("exchange")
    (folder / "exchange.toml").write_text(TRANSFER, encoding="utf-8")
    return Profiles.of_hub(folder)


@pytest.mark.parametrize(
    ("title", "code", "eve", "day", "heir"),
    [
        ("merged", YUBEI, EVE, DAY, LIANGJIANG),
        ("merged, the other", JIANGBEI, EVE, DAY, LIANGJIANG),
        ("its township: which one it is now, nobody says", YUBEI + 1000, EVE, DAY, LIANGJIANG),
        ("renamed and recoded", DINGTAO_OLD, date(2016, 12, 31), date(2017, 1, 1), DINGTAO),
        ("renamed alone", 150205000000, date(1998, 12, 31), date(1999, 1, 1), 150205000000),
        ("split", JIANGGAN, date(2021, 4, 8), date(2021, 4, 9), JIANGGAN),
        ("abolished, heir unknown", 640102000000, date(2001, 1, 1), date(2026, 1, 1), 640102000000),
        ("still in force", WANZHOU, EVE, DAY, WANZHOU),
        ("not begun yet", LIANGJIANG, date(2024, 1, 1), EVE, LIANGJIANG),
        ("a local code until the national one began", LOCAL, EVE, DAY, LIANGJIANG),
        ("exchanged", CIZHU, EVE, DAY, CIZHU_NOW),
        ("a village of what was exchanged", CIZHU + 203, EVE, DAY, CIZHU_NOW + 203),
    ],
)
def test_r2_a_place_bears_the_code_of_the_day(
    exchanged: Profiles, title: str, code: int, eve: date, day: date, heir: int
) -> None:
    assert exchanged.code_on(code, eve) == code
    assert exchanged.code_on(code, day) == heir
    assert exchanged.turns_after(code, eve) == (day if heir != code else None)
    assert (heir == code) or exchanged.in_line(code, heir)


ENDED = sorted(divisions.ended_by(date(2026, 11, 22)))


@given(st.sampled_from(ENDED), st.dates(date(2000, 1, 1), date(2030, 1, 1)))
def test_r2_a_carried_code_stays_carried_until_the_day_that_is_told(code: int, day: date) -> None:
    now = PROFILES.code_on(code, day)
    assert PROFILES.code_on(now, day) == now
    until = PROFILES.turns_after(code, day)
    assert until is None or PROFILES.code_on(code, until) != now
    later = date(2030, 1, 1) if until is None else until.replace(day=until.day) - (DAY - EVE)
    assert PROFILES.code_on(code, later) == now


def stay(place: int, department: str, since: date, seen: date | None = None) -> Stay:
    on = seen or since
    entry = UUID(int=hash((place, department, on)) & (2**64 - 1))
    told = datetime(on.year, on.month, on.day, tzinfo=UTC)
    source = Source(entry, entry, "surveys", department, on, place, told)
    return Stay(place, since, None, "", source)


OLD, NEW = date(2024, 3, 1), date(2026, 2, 1)


@pytest.mark.parametrize(
    ("title", "stays", "homes"),
    [
        (
            "one word under the new code moves nobody and hides nobody",
            [stay(YUBEI, "police", OLD), stay(LIANGJIANG, "education", OLD, NEW)],
            [(LIANGJIANG, True)],
        ),
        (
            "the same school, again under the new code",
            [stay(YUBEI, "education", OLD), stay(LIANGJIANG, "education", OLD, NEW)],
            [(LIANGJIANG, False)],
        ),
        (
            "who moved between two counties that were merged later did move",
            [
                *(stay(JIANGBEI, by, OLD) for by in ("police", "education")),
                *(stay(YUBEI, by, date(2025, 1, 1)) for by in ("police", "education")),
                stay(LIANGJIANG, "health", date(2025, 1, 1), NEW),
            ],
            [(JIANGBEI, True), (LIANGJIANG, True)],
        ),
        (
            "of a split county one word is not enough to say where",
            [
                *(stay(JIANGGAN, by, date(2020, 1, 1)) for by in ("police", "education")),
                stay(QIANTANG, "health", date(2020, 1, 1), NEW),
            ],
            [(JIANGGAN, True)],
        ),
        (
            "two words are, whatever day they say it began",
            [
                *(stay(JIANGGAN, by, date(2020, 1, 1)) for by in ("police", "education")),
                *(stay(QIANTANG, by, date(2019, 1, 1), NEW) for by in ("health", "education")),
            ],
            [(QIANTANG, True)],
        ),
    ],
)
def test_r2_old_and_new_codes_are_one_place(
    title: str, stays: list[Stay], homes: list[tuple[int, bool]]
) -> None:
    for order in (stays, stays[::-1]):
        found: Residing = reside(order, [])
        assert [(one.code, one.confirmed) for one in found.episodes] == homes


@pytest.mark.parametrize(
    ("home", "office", "counts"),
    [
        (YUBEI, LIANGJIANG, True),
        (LIANGJIANG, YUBEI, True),
        (YUBEI, JIANGBEI, False),
        (JIANGGAN, QIANTANG, False),
        (LOCAL, LIANGJIANG, True),
        (YUZHONG, LIANGJIANG, False),
    ],
)
def test_r18_an_office_goes_on_under_its_new_code(home: int, office: int, counts: bool) -> None:
    residing = reside([stay(home, by, OLD) for by in ("police", "civil_affairs")], [])
    source = stay(office, "civil_affairs", NEW).source
    visit = VisitClaim("home_visit", NEW, "in_person", "met", "", "", (), source)
    assert Offices(residing, frozenset(), PROFILES.in_line).count(visit) is counts


def status_on(days: list[date], hukou: int, home: int) -> list[str]:
    facts = ChildFacts(
        date(2017, 5, 3), (HukouSpell(hukou),), (Episode(home, date(2019, 1, 1), None, True, True),)
    )
    return [decide(facts, PROFILES.for_division(home, day), day).status.value for day in days]


def test_r2_a_home_and_a_hukou_are_compared_under_the_codes_of_each_day() -> None:
    days = [EVE, DAY, date(2026, 6, 1)]
    assert status_on(days, WANZHOU, YUBEI) == ["migrant"] * 3
    assert status_on(days, JIANGBEI, YUBEI) == ["excluded", "not_cross_county", "not_cross_county"]
    # Told by today's code, the older days cannot be told: it stands for two counties of then.
    assert status_on(days, LIANGJIANG, YUBEI) == ["cannot_tell", *["not_cross_county"] * 2]


@pytest.mark.parametrize(
    ("a", "b", "day", "crossed"),
    [
        (DINGTAO, DINGTAO_OLD, date(2010, 1, 1), False),
        (YUBEI, LIANGJIANG, EVE, None),
        (YUBEI, LIANGJIANG, DAY, False),
        (YUBEI, JIANGBEI, EVE, True),
        (YUBEI, JIANGBEI, DAY, False),
        (YUZHONG, LIANGJIANG, EVE, True),
        (CIZHU, BEIBEI, EVE, True),
        (CIZHU, BEIBEI, DAY, False),
        (CIZHU, YUBEI, EVE, False),
        (CIZHU, YUBEI, DAY, True),
    ],
)
def test_r2_two_codes_are_one_county_on_each_day_on_which_they_are(
    exchanged: Profiles, a: int, b: int, day: date, crossed: bool | None
) -> None:
    profile = exchanged.by_id["chongqing"]
    one, other = place_of(a, day, profile), place_of(b, day, profile)
    assert one is not None and other is not None
    assert crossing(one, other) is crossed
    assert crossing(other, one) is crossed


async def sweep(registry: Registry) -> None:
    """The daily clock, and what follows from it."""
    kit, now = registry.app.state.kit, registry.clock.now()
    for _ in range(5):
        async with registry.database.transaction(SYSTEM) as session:
            turned = await turn_batch(session, kit, 500, today(registry.clock), now)
        async with registry.database.transaction(SYSTEM) as session:
            carried = await carry(session, kit, today(registry.clock), now)
        await fold(registry)
        if not turned and not carried:
            return
    raise AssertionError("there is no end of it")


def at(registry: Registry, day: date) -> None:
    registry.clock.at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


async def living_in(registry: Registry, place: int, *also: str, **more: Any) -> UUID:
    """A child of 曹县 in whom a survey found hardship, known to civil affairs of the place and to these."""
    text = divisions.text_of(place)
    day = today(registry.clock).isoformat()
    item = survey(text, observed_on=day, surveyed_on=day, **more)
    item["residence"] |= {"since": "2024-01-10", "address": "示例路一号"}
    records = await push(registry, f"civil_affairs:{text[:6]}", "surveys", item)
    for department, feed in (("disease_control", "vaccinations"),):
        if department in also:
            dose = {
                **{
                    k: item[k] for k in ("version", "observed_on", "division", "child", "residence")
                },
                "source_id": f"V-{uuid4().hex}",
                "vaccine": "MMR",
                "dose": 1,
                "given_on": day,
            }
            records += await push(registry, f"{department}:{text[:6]}", feed, dose)
    child = uuid4()
    await link(registry, records, [child] * len(records))
    return child


async def sees(registry: Registry, who: str, child: UUID) -> bool:
    reply = await (await registry(who)).get(f"/v1/children/{child}")
    assert reply.status_code in (200, 404), reply.text
    return reply.status_code == 200


async def row_of(registry: Registry, child: UUID) -> Any:
    return (await registry.system("SELECT * FROM children WHERE id = $1", child))[0]


async def differences(registry: Registry) -> list[str]:
    found = verify(registry.database, registry.app.state.kit)
    return [f"{d.table} {d.what}" if hasattr(d, "what") else str(d) async for d in found]


async def test_r2_a_child_is_carried_over_on_the_day_by_the_clock_alone(registry: Registry) -> None:
    at(registry, EVE)
    child = await living_in(registry, YUBEI + 1_000)
    await settle(
        await registry("civil_affairs:500112"),
        (await the_entry(await registry("civil_affairs:500112")))[0],
        "confirm",
    )
    await fold(registry)
    old, new, far = "civil_affairs:500112", "civil_affairs:500157", "civil_affairs:500103"
    before = await row_of(registry, child)
    assert (before["residence_code"], before["next_change_on"]) == (YUBEI + 1_000, DAY)
    assert [await sees(registry, who, child) for who in (old, new, far)] == [True, False, False]
    asked = {"division": "50", "on": EVE.isoformat()}
    counted = (await (await registry("civil_affairs:50")).get("/v1/figures", params=asked)).json()
    told = await registry.system("SELECT count(*) AS n FROM outbox")

    at(registry, DAY)
    await sweep(registry)

    after = await row_of(registry, child)
    assert after["residence_code"] == LIANGJIANG
    assert [await sees(registry, who, child) for who in (old, new, far)] == [True, True, False]
    for table in ("key_care", "duties", "alerts", "survey_standings"):
        rows = await registry.system(
            f"SELECT DISTINCT residence_code AS code FROM {table} WHERE child_id = $1", child
        )
        assert [row["code"] for row in rows] in ([LIANGJIANG], []), table
    assert await registry.system("SELECT 1 FROM duties WHERE child_id = $1", child)
    # Nobody moved: whoever follows the child is told that it changed, and of no journey.
    events = await registry.system("SELECT * FROM outbox ORDER BY id OFFSET $1", told[0]["n"])
    kinds = [row["type"] for row in events]
    assert "child.updated" in kinds
    assert not {"child.residence_changed", "child.hukou_changed", "child.moved_on"} & set(kinds)
    assert not await differences(registry)
    again = (await (await registry("civil_affairs:50")).get("/v1/figures", params=asked)).json()
    keep = ("known_at", "as_of")
    assert {k: v for k, v in again.items() if k not in keep} == {
        k: v for k, v in counted.items() if k not in keep
    }


async def test_r2_the_figures_of_a_day_are_of_the_code_of_that_day(registry: Registry) -> None:
    at(registry, EVE)
    for _ in range(3):
        await living_in(registry, YUBEI)
    at(registry, date(2026, 3, 2))
    await sweep(registry)
    who = await registry("civil_affairs:50")

    settings = registry.settings.model_copy(update={"smallest_cell": 1})
    registry.app.state.settings = settings

    async def children(division: int, on: date) -> int:
        asked = {"division": divisions.text_of(division), "on": on.isoformat()}
        reply = await who.get("/v1/figures", params=asked)
        assert reply.status_code == 200, reply.text
        found: int = reply.json()["breakdowns"][0]["children"]
        return found

    assert await children(YUBEI, EVE) == 3
    assert await children(LIANGJIANG, EVE) == 0
    assert await children(YUBEI, DAY) == 0
    assert await children(LIANGJIANG, DAY) == 3


async def test_r2_an_office_goes_on_pushing_for_the_code_that_it_knows(registry: Registry) -> None:
    at(registry, EVE)
    await registry("civil_affairs:500112")
    at(registry, DAY)
    child = await living_in(registry, YUBEI)
    row = await row_of(registry, child)
    assert row["residence_code"] == LIANGJIANG
    assert await sees(registry, "civil_affairs:500112", child)
    # A neighbour's office is none of its own, and its own township's office has not become the county.
    other = await (await registry("civil_affairs:500112")).post(
        "/v1/surveys", json=[survey("500103000000")]
    )
    assert other.json()["results"][0]["errors"][0]["code"] == "division_outside_grant"
    assert not await sees(registry, "civil_affairs:500112001", child)


async def test_r2_a_split_leaves_the_child_with_those_above_and_on_their_list(
    registry: Registry,
) -> None:
    child = await living_in(registry, JIANGGAN)
    assert (await row_of(registry, child))["residence_code"] == JIANGGAN
    await sweep(registry)
    above = await registry("civil_affairs:3301")
    (left,) = (await above.get("/v1/successions")).json()["divisions"]
    assert left["division"] == "330104000000"
    assert left["heirs"] == ["330102000000", "330114000000"]
    assert (left["living"], left["children"]) == (1, [str(child)])
    assert await sees(registry, "civil_affairs:3301", child)
    for heir in ("330102", "330114"):
        assert not await sees(registry, f"civil_affairs:{heir}", child)
        assert (await (await registry(f"civil_affairs:{heir}")).get("/v1/successions")).json() == {
            "divisions": []
        }
    refused = await (await registry("education:3301")).get("/v1/successions")
    assert refused.status_code == 403


async def test_r2_a_compartment_goes_on_with_the_county_that_took_over(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(registry, EVE)
    _, *kept = compartments.KEPT["protectees"]
    monkeypatch.setitem(compartments.KEPT, "protectees", ("500112", *kept))
    child = await compartments.living(
        registry, "500112", observed_on=f"{EVE}", surveyed_on=f"{EVE}"
    )
    path = await compartments.opened(registry, "protectees", child)
    at(registry, DAY)
    await sweep(registry)
    new = await registry("civil_affairs:500157")
    assert (await new.get(path)).status_code == 200
    assert [one["id"] for one in await compartments.listed(new, "protectees")] == [
        path.rsplit("/", 1)[1]
    ]
    assert await registry.system("SELECT 1 FROM compartment_entries WHERE place = $1", LIANGJIANG)
    assert not await sees(registry, "civil_affairs:500103", child)


async def test_r2_what_stands_by_itself_is_carried_over_and_still_opens(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(registry, EVE)
    monkeypatch.setattr(test_cases, "REPORT", {**test_cases.REPORT, "place": "500112000000"})
    path = await test_cases.opened(await registry("education:500112"))
    new = await registry("police:500157")
    assert (await new.get(path)).status_code == 404
    at(registry, DAY)
    await sweep(registry)
    seen = await new.get(path)
    assert seen.status_code == 200
    assert seen.json()["account"] == test_cases.REPORT["account"]
    assert (await test_cases.acted(new, path, "receive"))["state"] != "sent"
    (told,) = await registry.system(
        "SELECT detail FROM audit_entries WHERE operation = 'successions.carry'"
    )
    assert orjson.loads(told["detail"])["cases"] == 1


async def test_r57_an_erasure_asked_for_before_the_day_is_approved_by_the_heirs_office(
    registry: Registry,
) -> None:
    at(registry, EVE)
    child, kept = await living_in(registry, YUBEI), await living_in(registry, YUBEI)
    old, new = await registry("civil_affairs:500112"), await registry("civil_affairs:500157")
    colleague = await registry("civil_affairs:500112", actor="staff-8")
    asked: list[str] = []
    for one in (child, kept):
        reply = await old.post(
            "/v1/erasures",
            json={"child_id": str(one), "ground": "unlawful"},
            headers={"Idempotency-Key": f"erase-{one}"},
        )
        assert reply.status_code == 201, reply.text
        asked.append(f"/v1/erasures/{reply.json()['id']}")
    forged = (
        "UPDATE erasures SET requested_at = requested_at - interval '1 day' WHERE child_id = $1"
    )
    await registry.system(forged, kept)
    at(registry, DAY)
    await sweep(registry)
    shown = await new.get(asked[0])
    assert shown.status_code == 200, shown.text
    assert (await new.get(asked[1])).status_code == 404, "a forged request is left where it is"
    assert (await (await registry("civil_affairs:500103")).get(asked[0])).status_code == 404
    approved = await colleague.post(f"{asked[0]}/approvals")
    assert approved.status_code == 200, approved.text
    assert not await registry.system("SELECT 1 FROM children WHERE id = $1", child)
    async with registry.database.transaction(SYSTEM) as session:
        faults = [one async for one in erasures.faults_of(session, registry.app.state.kit.audit)]
    assert faults == [f"erasure {asked[1].rsplit('/', 1)[1]} was forged or changed"]
    rows = await registry.system("SELECT residence_code FROM erasures WHERE state = 'erased'")
    assert [row["residence_code"] for row in rows] == [LIANGJIANG]


@pytest.mark.parametrize(
    ("area", "on_the_day"),
    [
        (divisions.area_of(YUBEI), divisions.area_of(LIANGJIANG)),
        (divisions.area_of(YUBEI + 1_000), divisions.area_of(YUBEI + 1_000)),
        (divisions.area_of(JIANGGAN), divisions.area_of(JIANGGAN)),
        (divisions.area_of(500000000000), divisions.area_of(500000000000)),
        ((YUBEI, LIANGJIANG), (YUBEI, LIANGJIANG)),
        ((0, 10**12 - 1), (0, 10**12 - 1)),
    ],
)
def test_r2_an_area_becomes_another_only_as_a_whole(
    area: tuple[int, int], on_the_day: tuple[int, int]
) -> None:
    assert divisions.area_on(area, EVE) == area
    assert divisions.area_on(area, DAY) == on_the_day
