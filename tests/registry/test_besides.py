"""What a place counts beside its migrant children: asked where it set that, of nobody else, and never among them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from services.registry.figures.besides import besides
from services.registry.figures.counting import METHOD, Question
from services.registry.figures.masking import masked
from services.registry.figures.showing import whole
from services.registry.figures.tallying import tally
from services.registry.past.standing import Standing
from services.registry.profiles import SHIPPED, Profile, Profiles
from services.registry.status import ChildFacts, Episode, HukouSpell, decide
from shared.vocabulary import Department
from tests.registry.conftest import Registry
from tests.registry.key_care import CAO, YUZHONG, link, push, survey

ON = date(2026, 3, 1)
RULE = """
[[rules.counted_besides]]
clause = "一"
wording = "另行统计"
population = "{population}"
months = 6
age_below = 18
"""
HEAD = """
id = "besides"
amends = "chongqing"
[documents.main]
name = "渝民办〔2026〕8号"
valid_from = 2020-01-01
"""
ALL = ("cross_township", "central_districts", "unaccompanied", "left_behind")
HERE, NEXT, DISTRICT = 500103001000, 500103002000, 500105000000


def set_in(folder: Path, *populations: str) -> Profiles:
    text = HEAD + "".join(RULE.format(population=one) for one in populations)
    (folder / "besides.toml").write_text(text, encoding="utf-8")
    return Profiles.of_hub(folder)


def asked(profile: Profile, facts: ChildFacts, left_behind: str = "") -> dict[str, str]:
    said = {"left_behind": {"state": left_behind, "since": "2025-01-01"}} if left_behind else {}
    row = SimpleNamespace(status=decide(facts, profile, ON).status, decision=said)
    fold = SimpleNamespace(facts=lambda: facts)
    found = besides(cast(Standing, SimpleNamespace(row=row, fold=fold)), profile, ON)
    return {name.removeprefix("besides."): answer for name, answer in found.items()}


def child(
    hukou: int,
    home: int,
    since: str = "2025-01-01",
    born: str | None = "2012-05-03",
    accompanied: bool | None = True,
) -> ChildFacts:
    stay = Episode(home, date.fromisoformat(since), None, accompanied, True)
    birth = date.fromisoformat(born) if born else None
    return ChildFacts(birth, (HukouSpell(hukou),), (stay,))


@pytest.mark.parametrize(
    ("population", "facts", "answer"),
    [
        ("cross_township", child(NEXT, HERE), "counted"),
        ("cross_township", child(HERE, HERE), "not_counted"),
        ("cross_township", child(NEXT, HERE, since="2025-10-01"), "not_counted"),
        ("cross_township", child(NEXT, HERE, born="2008-03-01"), "not_counted"),
        # Above the age of migrant children, and below the one that the place set for this.
        ("cross_township", child(NEXT, HERE, born="2009-03-01"), "counted"),
        ("cross_township", child(NEXT, HERE, born=None), "cannot_tell"),
        ("cross_township", child(500103000000, HERE), "cannot_tell"),
        ("cross_township", child(int(CAO), HERE), "not_counted"),
        ("central_districts", child(DISTRICT, HERE), "counted"),
        ("central_districts", child(DISTRICT, HERE, since="2025-10-01"), "not_counted"),
        ("central_districts", child(int(CAO), HERE), "not_counted"),
        ("unaccompanied", child(int(CAO), HERE, accompanied=False), "counted"),
        ("unaccompanied", child(int(CAO), HERE, accompanied=None), "cannot_tell"),
        ("unaccompanied", child(int(CAO), HERE), "not_counted"),
        ("unaccompanied", child(DISTRICT, HERE, accompanied=False), "not_counted"),
    ],
)
def test_r1_whom_a_place_counts_besides(
    tmp_path: Path, population: str, facts: ChildFacts, answer: str
) -> None:
    profile = set_in(tmp_path, *ALL).by_id["chongqing"]
    found = asked(profile, facts)
    assert found[population] == answer
    assert found.keys() == set(ALL)
    assert [*found.values()].count("counted") <= 1
    assert asked(Profiles.load(SHIPPED).by_id["chongqing"], facts) == {}


def test_r1_the_left_behind_are_those_whom_a_person_confirmed(tmp_path: Path) -> None:
    profile = set_in(tmp_path, "left_behind").by_id["chongqing"]
    facts = child(HERE, HERE)
    assert asked(profile, facts, "confirmed") == {"left_behind": "counted"}
    for state in ("", "proposed", "under_review"):
        assert asked(profile, facts, state) == {"left_behind": "not_counted"}


def test_r1_months_run_on_from_township_to_township_unless_moves_begin_them_anew() -> None:
    """As the months of migrant children do, by the same setting of the place."""
    first = Episode(500103003000, date(2025, 1, 1), date(2025, 11, 30), True, True)
    then = Episode(HERE, date(2025, 12, 1), None, True, True)
    facts = ChildFacts(date(2012, 5, 3), (HukouSpell(NEXT),), (first, then))
    back = ChildFacts(date(2012, 5, 3), (HukouSpell(NEXT),), (first._replace(code=NEXT), then))
    answers = {}
    for moves in ("continues", "restarts"):
        with TemporaryDirectory() as folder:
            counting = f'\n[[rules.day_counting]]\nclause = "二"\nwording = "连续"\nonward_move = "{moves}"\n'
            path = Path(folder) / "moves.toml"
            text = HEAD + RULE.format(population="cross_township") + counting
            path.write_text(text, encoding="utf-8")
            profile = Profiles.of_hub(Path(folder)).by_id["chongqing"]
            answers[moves] = asked(profile, facts)["cross_township"]
            assert asked(profile, back)["cross_township"] == "not_counted"
    assert answers == {"continues": "counted", "restarts": "not_counted"}


def test_r52_no_part_that_is_hidden_elsewhere_is_told_by_what_is_counted_besides() -> None:
    """One part alone counts besides: the others stand as `not_set`, and every total is that of the ledger."""
    table = {
        1: {"status": {"migrant": 60}, "besides.left_behind": {"counted": 30, "not_counted": 30}},
        2: {"status": {"migrant": 4}},
        3: {"status": {"migrant": 50}},
    }
    shown = masked(table, 10)
    assert shown["besides.left_behind"].parts == shown["status"].parts
    assert shown["besides.left_behind"].total == shown["status"].total == 114
    few = {1: {"status": {"x": 90}, "besides.left_behind": {"counted": 3, "not_counted": 87}}}
    assert masked(few, 10)["besides.left_behind"].answers["counted"] is None
    assert "besides.left_behind" not in masked({1: {"status": {"migrant": 60}}}, 10)


@pytest.mark.parametrize("method", ["2026-11", "2026-11-22"])
def test_r52_figures_frozen_before_show_nothing_of_it(method: str) -> None:
    head = {"status": {"migrant": 60}, "besides.left_behind": {"counted": 30, "not_counted": 30}}
    row: dict[str, Any] = {
        "division": 500103000000,
        "valid_on": ON,
        "known_at": None,
        "pilot": False,
        "rulebook": "0" * 64,
        "smallest": 10,
        "configured": False,
        "computed_at": None,
        "counts": {"children": 60, "unreadable": 0, "parts": {"500103001000": head}},
    }
    row["known_at"] = row["computed_at"] = datetime(2026, 3, 2, tzinfo=UTC)
    department = Department.CIVIL_AFFAIRS

    def names(one: str) -> set[str]:
        return {b.name for b in whole({**row, "method": one}, department).breakdowns or ()}

    assert "besides.left_behind" in names(METHOD)
    assert "besides.left_behind" not in names(method)
    assert "status" in names(method)


async def test_r1_r52_figures_count_besides_where_the_place_says_so(
    registry: Registry, tmp_path: Path
) -> None:
    """By both times, and the migrant children are as many as before."""
    own = {"division": "500103002000", "address": "渝中区示例路九号"}
    for item in (survey("500103001000"), survey("500103001000", hukou=own)):
        (record,) = await push(registry, "civil_affairs:500103", "surveys", item)
        await link(registry, [record], [uuid4()])
    statistics = await registry("civil_affairs:500103", purpose="statistics")
    state = registry.app.state

    async def counted(on: date = ON) -> dict[str, dict[str, int]]:
        question = Question(int(YUZHONG.ljust(12, "0")), on)
        kit = state.kit
        found = await tally(registry.database, kit, kit.profiles, question, registry.clock.now())
        heads: dict[str, dict[str, int]] = {}
        for part in found.table.values():
            for name, answers in part.items():
                into = heads.setdefault(name, {})
                for answer, n in answers.items():
                    into[answer] = into.get(answer, 0) + n
        return heads

    async def names() -> set[str]:
        reply = await statistics.get("/v1/figures", params={"division": "500103"})
        assert reply.status_code == 200, reply.text
        return {one["name"] for one in reply.json()["breakdowns"]}

    off = await counted()
    assert not [one for one in {*off, *await names()} if one.startswith("besides")]
    state.kit = replace(state.kit, profiles=set_in(tmp_path, "cross_township"))
    now = await counted()
    assert now.pop("besides.cross_township") == {"counted": 1, "not_counted": 1}
    assert now == off
    early = await counted(date(2025, 8, 1))
    assert "counted" not in early["besides.cross_township"]
    assert {one for one in await names() if one.startswith("besides")} == {"besides.cross_township"}
