"""Left-behind children (R62): proposed by evidence, decided by people, counted beside migrant children."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.registry.children.belonging import Belonging
from services.registry.children.claims import HukouClaim, Source
from services.registry.children.folding import Fold, Value
from services.registry.children.residing import Lived, Residing
from services.registry.figures.counting import LEFT_BEHIND, MIGRANTS, Question
from services.registry.figures.masking import masked
from services.registry.figures.tallying import tally
from services.registry.left_behind.standing import LeftBehind, stand
from services.registry.profiles import SHIPPED, Profiles
from services.registry.profiles.open_points import open_points
from services.registry.signals.reading import PARENTS_AWAY, PARENTS_HERE, Signal
from tests.registry.conftest import Registry
from tests.registry.key_care import CAO, YUZHONG, link, push, survey, surveyed
from tests.registry.test_alerts import act, alerts, on, proven, the_alert

PROFILES = Profiles.load(SHIPPED)
CHONGQING_HOME, LEFT, BACK = "500103000000", date(2024, 1, 1), date(2026, 2, 1)
NOBODY = UUID(int=0)
SAID = Source(NOBODY, NOBODY, "", "", date.min)
DAY = timedelta(days=1)


def lived(*stays: tuple[str, date, date | None]) -> tuple[Lived, ...]:
    return tuple(Lived(int(c), s, u, None, True, "", (), ()) for c, s, u in stays)


AWAY_AND_BACK = lived((YUZHONG, LEFT, BACK - DAY), (CAO, BACK, None))
NEVER_AWAY = lived((CAO, LEFT, None))


def told(kind: str, known: date, word: str = "both") -> Signal:
    return Signal(kind, known, known, uuid4(), uuid4(), 371721000000, word)


def child(
    stays: tuple[Lived, ...], *signals: Signal, hukou: str = CAO, born: str = "2015-05-03"
) -> Fold:
    return Fold(
        fields={"birth_on": Value(born, SAID, 1, 0)},
        belonging=Belonging((HukouClaim(int(hukou), None, "", SAID),), (), ()),
        residing=Residing(stays, ()),
        guardians=(),
        evidence=(),
        entries=1,
        signals=signals,
    )


def decided(kind: str, day: date, *basis: UUID) -> dict[str, Any]:
    at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    return {"kind": f"{kind}_left_behind", "decided_at": at, "basis": basis}


def on_day(fold: Fold, day: date, *decisions: Any, live: Sequence[UUID] = ()) -> LeftBehind | None:
    return stand(fold, live, decisions, PROFILES, day)


def state(found: LeftBehind | None) -> tuple[str, str]:
    return (str(found.state), found.review) if found else ("none", "")


def test_r62_a_child_that_came_back_is_assessed_until_somebody_knows_with_whom_it_lives() -> None:
    assert on_day(child(AWAY_AND_BACK), BACK - DAY * 40) is None  # it lives elsewhere still
    found = on_day(child(AWAY_AND_BACK), BACK + DAY)
    assert state(found) == ("proposed", "")
    assert found
    (spell,) = found.spells
    assert (spell.cause, spell.begins, spell.ended) == (f"returned:{BACK}", BACK, None)
    assert spell.detail["parents"] == "unsaid"

    with_parents = child(AWAY_AND_BACK, told(PARENTS_HERE, BACK + DAY * 9))
    assert on_day(with_parents, BACK + DAY * 10) is None
    away = child(AWAY_AND_BACK, told(PARENTS_AWAY, BACK + DAY * 9))
    found = on_day(away, BACK + DAY * 10)
    assert found and found.spells[0].detail["parents"] == "both_away"
    assert found.evidence == (away.signals[0].record,)
    elsewhere = told(PARENTS_HERE, BACK + DAY * 9)._replace(office=int(YUZHONG))
    assert state(on_day(child(AWAY_AND_BACK, elsewhere), BACK + DAY * 10)) == ("proposed", "")
    # What was said of the time elsewhere proposes and ends nothing here.
    earlier = child(AWAY_AND_BACK, told(PARENTS_HERE, BACK - DAY * 9))
    assert state(on_day(earlier, BACK + DAY)) == ("proposed", "")


def test_r62_who_never_left_is_proposed_only_where_the_text_asks_for_joint_analysis() -> None:
    away = told(PARENTS_AWAY, BACK)
    assert state(on_day(child(NEVER_AWAY, away), BACK)) == ("proposed", "")
    at_home = lived((CHONGQING_HOME, LEFT, None))
    assert on_day(child(at_home, away, hukou=CHONGQING_HOME), BACK) is None
    back = lived((CAO, LEFT, BACK - DAY), (CHONGQING_HOME, BACK, None))
    assert state(on_day(child(back, hukou=CHONGQING_HOME), BACK)) == ("proposed", "")
    grown = child(NEVER_AWAY, away, born="2009-05-03")
    assert on_day(grown, BACK) is None


def test_r62_no_text_says_who_is_left_behind() -> None:
    (heze,) = (PROFILES.for_division(int(CAO), BACK),)
    assert heze is not None
    waiting = {(one.rule, one.setting) for one in open_points(heze)}
    assert {("joint_analysis", "parents_away"), ("joint_analysis", "age_below")} <= waiting


def test_r62_only_a_person_confirms_and_ends_and_what_speaks_against_it_asks_for_review() -> None:
    confirm = decided("confirm", BACK + DAY * 20)
    home = child(AWAY_AND_BACK, told(PARENTS_AWAY, BACK + DAY * 9))
    later = BACK + DAY * 60
    assert state(on_day(home, later, confirm)) == ("confirmed", "")
    here = child(AWAY_AND_BACK, *home.signals, told(PARENTS_HERE, BACK + DAY * 30))
    assert state(on_day(here, later, confirm)) == ("under_review", "parents_here")
    again = child(AWAY_AND_BACK, *here.signals, told(PARENTS_AWAY, BACK + DAY * 40))
    assert state(on_day(again, later, confirm)) == ("confirmed", "")
    assert state(on_day(here, later, confirm, decided("end", BACK + DAY * 31))) == ("ended", "")
    left = child(lived((YUZHONG, LEFT, BACK - DAY), (CAO, BACK, BACK + DAY * 30)))
    assert state(on_day(left, later, confirm)) == ("under_review", "moved")
    grown = child(AWAY_AND_BACK, *home.signals, born="2010-04-01")
    assert state(on_day(grown, date(2026, 3, 31), confirm)) == ("confirmed", "")
    assert state(on_day(grown, date(2026, 4, 1), confirm)) == ("under_review", "of_age")
    basis = uuid4()
    rested = decided("confirm", BACK + DAY * 20, basis)
    assert state(on_day(home, later, rested, live=[basis])) == ("confirmed", "")
    assert state(on_day(home, later, rested)) == ("under_review", "evidence_gone")


def test_r62_what_was_refused_is_proposed_anew_by_new_evidence_alone() -> None:
    refuse = decided("refuse", BACK + DAY * 20)
    old = child(AWAY_AND_BACK, told(PARENTS_AWAY, BACK + DAY * 9))
    assert state(on_day(old, BACK + DAY * 60, refuse)) == ("refused", "")
    new = child(AWAY_AND_BACK, *old.signals, told(PARENTS_AWAY, BACK + DAY * 40))
    found = on_day(new, BACK + DAY * 60, refuse)
    assert state(found) == ("proposed", "")
    assert found and len({one.cause for one in found.spells}) == 2


def test_r62_the_order_of_records_changes_nothing() -> None:
    signals = (
        told(PARENTS_AWAY, BACK + DAY * 9),
        told(PARENTS_HERE, BACK + DAY * 19),
        told(PARENTS_AWAY, BACK + DAY * 29, "one"),
    )
    there = on_day(child(AWAY_AND_BACK, *signals), BACK + DAY * 60)
    assert there == on_day(child(AWAY_AND_BACK, *reversed(signals)), BACK + DAY * 60)


def test_r62_figures_hide_few_left_behind_children_as_they_hide_few_migrants() -> None:
    def part(left: int) -> dict[str, dict[str, int]]:
        sexes = {f"left_behind.{head}": {"any": left} for head in MIGRANTS} if left else {}
        said = {"confirmed": left} if left else {}
        return {"left_behind": {**said, "none": 90}, "status": {"not_cross_county": 90}, **sexes}

    shown = masked({1: part(30), 2: part(4), 3: part(20)}, 10)
    assert set(LEFT_BEHIND) <= shown.keys()
    assert shown["left_behind"].cells[2]["confirmed"] is None
    for head in LEFT_BEHIND:
        assert shown[head].parts[2] is None
        assert shown[head].total == 54


async def came_back(registry: Registry) -> UUID:
    """A child that lived in Chongqing and is now in its hukou county, where a survey finds it with a grandmother."""
    who = {"name": "示返", "birth_date": "2015-05-03", "sex": "female"}
    away = {"division": YUZHONG, "since": "2024-01-01", "until": "2026-01-31"}
    gone = survey(YUZHONG, child=who, residence=away, observed_on="2026-01-15")
    (person,) = await surveyed(registry, gone)
    home = survey(
        CAO,
        child=who,
        residence={"division": CAO, "since": "2026-02-01"},
        guardianship={"lives_with": "other_guardian"},
        living_security={},
    )
    await link(registry, await push(registry, "civil_affairs:371721", "surveys", home), [person])
    for place, item, day in (("500103", gone, "2024-02-25"), ("371721", home, "2026-02-25")):
        pupil = enrolled(item, day)
        await link(
            registry, await push(registry, f"education:{place}", "enrolments", pupil), [person]
        )
    return person


def enrolled(item: dict[str, Any], day: str) -> dict[str, Any]:
    """The second department that says where the child lives."""
    said = {key: item[key] for key in ("division", "child", "residence", "hukou")}
    return {
        **said,
        "source_id": f"E-{day}",
        "version": 1,
        "observed_on": day,
        "event": "transferred_in",
        "on": day,
        "stage": "primary",
        "school_name": "示例小学",
    }


async def decide(
    client: httpx.AsyncClient, child_id: UUID, decision: str, reason: str, **more: Any
) -> httpx.Response:
    body = {"decision": decision, "reason": reason, **more}
    key = {"Idempotency-Key": uuid4().hex}
    return await client.post(f"/v1/children/{child_id}/left-behind", json=body, headers=key)


async def test_r62_a_returned_child_is_converted_by_a_person_and_counted_beside_migrants(
    registry: Registry,
) -> None:
    person = await came_back(registry)
    civil = await registry("civil_affairs:371721")
    seen = (await civil.get(f"/v1/children/{person}")).json()
    assert seen["status"]["status"] == "not_cross_county"
    assert seen["left_behind"]["state"] == "proposed"
    alert = await the_alert(civil, "left_behind")
    assert alert["about"]["returned_on"] == "2026-02-01"
    assert alert["about"]["parents"] == "both_away"
    assert (alert["owner"], alert["post"]) == ("civil_affairs", "child_director")
    await proven(registry)

    assert (await decide(civil, person, "end", "of_age")).status_code == 409
    assert (await decide(civil, person, "confirm", "of_age")).status_code == 422
    school = await registry("education:371721", purpose="service")
    assert (await decide(school, person, "confirm", "assessed")).status_code == 403
    stranger = await registry("civil_affairs:500107")
    assert (await decide(stranger, person, "confirm", "assessed")).status_code == 404
    await on(registry, "2026-03-10")
    done = await decide(civil, person, "confirm", "assessed", note="父母均在重庆")
    assert done.status_code == 200, done.text
    seen = (await civil.get(f"/v1/children/{person}")).json()
    assert seen["status"]["status"] == "not_cross_county"
    assert seen["left_behind"]["state"] == "confirmed"
    closed = await the_alert(civil, "left_behind")
    assert (closed["id"], closed["state"]) == (alert["id"], "closed_by_evidence")
    assert closed["about"]["decided_on"] == "2026-03-10"
    assert await alerts(civil, waiting=True, kind="left_behind") == []
    assert (await act(civil, alert["id"], "handle", outcome="helped")).status_code == 200
    await proven(registry)
    file = (await civil.get(f"/v1/children/{person}/dossier")).json()
    decisions = [one for one in file["events"] if one["kind"] == "left_behind_decision"]
    assert [one["detail"]["decision"] for one in decisions] == ["confirm"]

    async def counted(on: str = "2026-03-10", known_at: str = "") -> dict[str, dict[str, int]]:
        kit = registry.app.state.kit
        known = datetime.fromisoformat(known_at) if known_at else registry.clock.now()
        question = Question(371721000000, date.fromisoformat(on))
        found = await tally(registry.database, kit, kit.profiles, question, known)
        (heads,) = found.table.values()
        return heads

    now = await counted()
    assert now["left_behind"] == {"confirmed": 1}
    assert now["left_behind.guardianship"] == {"other_guardian": 1}
    assert now["status"] == {"not_cross_county": 1}
    assert "age" not in now
    # Two times: on that day, and as known then, nobody had decided.
    assert (await counted(on="2026-03-09"))["left_behind"] == {"proposed": 1}
    before = await counted(known_at="2026-03-09T00:00:00+00:00")
    assert before["left_behind"] == {"proposed": 1}
    statistics = await registry("civil_affairs:371721", purpose="statistics")
    reply = await statistics.get("/v1/figures", params={"division": "371721"})
    shown = {one["name"]: one["population"] for one in reply.json()["breakdowns"]}
    assert shown["left_behind.age"] == "left_behind"
    past = await civil.get(f"/v1/children/{person}", params={"on": "2026-03-05"})
    assert past.json()["left_behind"]["state"] == "proposed"

    for _ in range(2):
        ended = await decide(civil, person, "end", "joined_parents")
    assert ended.status_code == 409
    assert (await counted())["left_behind"] == {"none": 1}


async def test_r62_a_decision_follows_the_child_and_goes_with_its_erasure_alone(
    registry: Registry,
) -> None:
    person = await came_back(registry)
    civil = await registry("civil_affairs:371721")
    await on(registry, "2026-03-10")
    assert (await decide(civil, person, "confirm", "assessed")).status_code == 200
    (row,) = await registry.system(
        "SELECT anchor, basis FROM decisions WHERE child_id = $1", person
    )
    assert row["basis"]  # the entry that says that the parents are away
    records = await registry.system(
        "SELECT r.id FROM records r JOIN links l ON l.entry_id = r.entry_id WHERE l.person = $1",
        person,
    )
    merged = uuid4()
    ids = [one["id"] for one in records]
    await link(registry, ids, [merged] * len(ids))
    seen = (await civil.get(f"/v1/children/{merged}")).json()
    assert seen["left_behind"]["state"] == "confirmed"
    await proven(registry)
    # Whoever can write to the database alone makes no decision that is heard.
    await registry.system(
        "UPDATE decisions SET kind = 'end_left_behind' WHERE kind = 'confirm_left_behind'"
    )
    assert (await decide(civil, merged, "end", "parents_returned")).status_code in (404, 503)
