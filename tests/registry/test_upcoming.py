"""What happens next to a child, and when: foreseen as the daily clock will judge it, and told to whom it is open."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.bench.registering import noon, stored
from services.population import generate
from services.registry.children.building import Folded, judge, read
from services.registry.children.gist import Reading
from services.registry.children.kit import Kit
from services.registry.profiles import SHIPPED, Profiles
from services.registry.records.feeds import FEEDS
from services.registry.records.vault import Opened
from services.registry.upcoming.foreseeing import Foreseen, foresee
from shared.keys import new_key_set
from shared.sealing import Sealer
from shared.vocabulary import Scope
from tests.registry.conftest import Registry
from tests.registry.key_care import CAO, YUZHONG, link, push, survey, surveyed, turn
from tests.registry.test_duties import on

TODAY = date(2026, 10, 31)
DAY = timedelta(days=1)
UNTIL = TODAY + 400 * DAY


@pytest.fixture(scope="module")
def kit() -> Kit:
    keys = [new_key_set() for _ in range(4)]
    territory = ((500000000000, 509999999999),)
    return Kit(Sealer(keys[0]), *keys[1:], Profiles.load(SHIPPED), territory)


class Life:
    """One invented child, judged as of any day."""

    def __init__(self, kit: Kit, records: list[Opened]) -> None:
        self.kit, self.child = kit, uuid4()
        self.reading: Reading = read(kit, records)

    def judge(self, day: date) -> Folded:
        return judge(self.kit, self.child, self.reading, [], day)

    def foresee(self) -> Foreseen:
        return foresee(self.judge, self.reading, self.kit.profiles, TODAY, UNTIL)


@pytest.fixture(scope="module")
def lives(kit: Kit) -> list[Life]:
    found: dict[str, list[Opened]] = {}
    for push_ in generate(120, 7, on=TODAY).pushes:
        plain, payload = stored(kit, push_.feed, push_.department, push_, noon(TODAY))
        item = FEEDS[push_.feed].model.model_validate_json(payload)
        found.setdefault(push_.truth_child, []).append(Opened(plain, item))
    return [Life(kit, records) for records in found.values()]


def test_r1_every_day_on_which_a_status_will_turn_is_foreseen(lives: list[Life]) -> None:
    turned = 0
    for life in lives[:25]:
        days = [TODAY + n * DAY for n in range((UNTIL - TODAY).days + 1)]
        statuses = [life.judge(day).status for day in days]
        expected = [
            (day, now)
            for before, day, now in zip(statuses, days[1:], statuses[1:], strict=False)
            if before != now
        ]
        foreseen = [t for t in life.foresee().turns if t.what == "status_changes"]
        assert [(t.on, t.subject) for t in foreseen] == expected
        turned += len(expected)
    assert turned


def test_r41_alerts_and_duties_are_foreseen_as_the_clock_will_find_them(lives: list[Life]) -> None:
    whats: set[str] = set()
    for life in lives:
        foreseen = life.foresee()
        assert foreseen.until == UNTIL
        assert list(foreseen.turns) == sorted(set(foreseen.turns))
        for one in foreseen.turns:
            assert TODAY < one.on <= UNTIL
            eve, then = life.judge(one.on - DAY), life.judge(one.on)
            kinds = [a.kind for a in eve.alerts], [a.kind for a in then.alerts]
            if one.what == "alert_raised":
                assert kinds[1].count(one.subject) > kinds[0].count(one.subject)
            if one.what == "duty_due":
                assert one.on in [d.due_on for d in then.duties if d.duty == one.subject]
            if one.what == "duty_overdue":
                states = [d.state for d in eve.duties if d.duty == one.subject]
                assert states == ["pending"]
            whats.add(one.what)
    assert {"status_changes", "alert_raised", "duty_due", "duty_overdue", "permit_ends"} <= whats


def test_r5_at_sixteen_counting_ends_and_what_goes_on_opens(lives: list[Life]) -> None:
    opened = 0
    for life in lives:
        turns = life.foresee().turns
        aged = {t.on for t in turns if (t.what, t.subject) == ("status_changes", "aged_out")}
        opening = {t.on for t in turns if t.what == "follow_up_opens"}
        if opening and aged:
            assert opening == aged
            (birthday,) = aged
            assert life.judge(birthday - DAY).status == "migrant"
            opened += 1
    assert opened


def test_r41_foreseeing_ends_by_itself(lives: list[Life], monkeypatch: pytest.MonkeyPatch) -> None:
    busy = next(life for life in lives if len({t.on for t in life.foresee().turns}) > 3)
    whole = busy.foresee()
    monkeypatch.setattr("services.registry.upcoming.foreseeing.MOST_DAYS", 2)
    part = busy.foresee()
    assert part.until < UNTIL
    assert list(part.turns) == [t for t in whole.turns if t.on <= part.until]


async def coming(registry: Registry, child: UUID, who: str, **params: Any) -> list[dict[str, Any]]:
    reply = await (await registry(who)).get(f"/v1/children/{child}/upcoming", params=params)
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert body["child"] == str(child)
    found: list[dict[str, Any]] = body["turns"]
    return found


async def six_months_soon(registry: Registry) -> UUID:
    item = survey(YUZHONG)
    item["residence"]["since"] = "2025-11-01"
    person = uuid4()
    await link(registry, await push(registry, "civil_affairs:500103", "surveys", item), [person])
    return person


async def test_r1_the_six_month_mark_is_told_with_its_clause_and_comes_true(
    registry: Registry,
) -> None:
    child = await six_months_soon(registry)
    told = await coming(registry, child, "civil_affairs:500103")
    (mark,) = [t for t in told if t["what"] == "status_changes" and t["subject"] == "migrant"]
    assert mark["clause"]
    begins = [t for t in told if t["what"] == "duty_begins"]
    assert [t["on"] for t in begins] == [mark["on"]]
    assert [t["on"] for t in told] == sorted(t["on"] for t in told)
    assert all(
        t["on"] <= "2026-04-02"
        for t in await coming(registry, child, "civil_affairs:500103", months=1)
    )
    client = await registry("civil_affairs:500103")
    await on(registry, mark["on"])
    now = (await client.get(f"/v1/children/{child}")).json()
    assert now["status"]["status"] == "migrant"


async def test_r57_upcoming_is_told_as_far_as_the_matrix_opens_it_and_audited(
    registry: Registry,
) -> None:
    child = await six_months_soon(registry)
    everything = await coming(registry, child, "civil_affairs:500103")
    assert {"alert_raised", "duty_due"} <= {t["what"] for t in everything}
    statistics = await registry("civil_affairs:500103", purpose="statistics")
    counted = (await statistics.get(f"/v1/children/{child}/upcoming")).json()["turns"]
    assert {t["what"] for t in counted} <= {"status_changes", "follow_up_opens"}
    assert counted
    narrow = await registry("civil_affairs:500103", scopes=frozenset({Scope.CHILDREN_READ}))
    without = (await narrow.get(f"/v1/children/{child}/upcoming")).json()["turns"]
    assert without == [t for t in everything if not t["what"].startswith(("alert", "permit"))]
    foreign = await (await registry("civil_affairs:429006")).get(f"/v1/children/{child}/upcoming")
    nobody = await (await registry("civil_affairs:429006")).get(f"/v1/children/{uuid4()}/upcoming")
    assert foreign.status_code == nobody.status_code == 404
    assert "示" not in "".join(t["subject"] + t["what"] for t in everything)
    entries = await registry.system(
        "SELECT subjects FROM audit_entries WHERE operation = 'children.read_upcoming'"
    )
    assert [entry["subjects"] for entry in entries] == [[child]] * 3


async def test_r57_upcoming_of_a_shielded_child_says_nothing_of_where_it_is(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, survey(YUZHONG))
    assert (await turn(await registry("civil_affairs:500103"), child)).status_code in (200, 201)
    told = str(await coming(registry, child, "civil_affairs:500103"))
    assert "5001" not in told
    assert CAO[:6] not in told
