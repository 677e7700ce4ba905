"""Key-care proposals: which evidence becomes one, where, and that no status is asked for."""

from datetime import date
from uuid import UUID

import pytest

from services.registry.profiles import SHIPPED, Profiles
from services.registry.status import HardshipEvidence, propose

PROFILES = Profiles.load(SHIPPED).by_id
DAY = date(2026, 3, 1)
A, B, C = (UUID(int=n) for n in (1, 2, 3))


def categories(place: str, *evidence: HardshipEvidence, cross: bool | None = None) -> list[str]:
    return [p.category for p in propose(evidence, PROFILES[place], DAY, cross)]


@pytest.mark.parametrize("place", sorted(PROFILES))
@pytest.mark.parametrize(
    ("category", "only_in"),
    [
        ("family_hardship", set(PROFILES)),
        ("disability", set(PROFILES)),
        ("missing_guardianship", set(PROFILES)),
        ("vagrancy", set(PROFILES)),
        ("psychological_behavioural", set(PROFILES)),
        ("out_of_school", {"tianmen"}),
        ("insurance_status", {"heilongjiang"}),
        ("shoe_size", set()),
    ],
)
def test_r15_each_place_has_its_own_triggers(place: str, category: str, only_in: set[str]) -> None:
    found = categories(place, HardshipEvidence(category, A))
    assert found == ([category] if place in only_in else [])


def test_evidence_of_one_category_is_one_proposal_with_its_clause() -> None:
    evidence = [
        HardshipEvidence("vagrancy", C),
        HardshipEvidence("disability", B),
        HardshipEvidence("disability", A),
        HardshipEvidence("disability", A, since=date(2026, 1, 1)),
    ]
    disability, vagrancy = propose(evidence, PROFILES["chongqing"], DAY, None)
    assert (disability.category, disability.evidence) == ("disability", (A, B))
    assert (vagrancy.category, vagrancy.evidence) == ("vagrancy", (C,))
    assert disability.clause == "渝民发〔2024〕13号 二(一)3"
    assert disability.unsure == ()


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (None, None, True),
        (DAY, DAY, True),
        (date(2026, 3, 2), None, False),
        (None, date(2026, 2, 28), False),
        (date(2026, 2, 1), date(2026, 4, 1), True),
    ],
)
def test_evidence_speaks_on_its_days(since: date | None, until: date | None, holds: bool) -> None:
    found = categories("heze", HardshipEvidence("vagrancy", A, since, until))
    assert found == (["vagrancy"] if holds else [])


@pytest.mark.parametrize(
    ("cross", "expected", "unsure"),
    [
        (True, ["self_request"], [()]),
        (None, ["self_request"], [("cross_township",)]),
        (False, [], []),
    ],
)
def test_r3_a_self_request_is_for_children_from_another_township(
    cross: bool | None, expected: list[str], unsure: list[tuple[str, ...]]
) -> None:
    found = propose([HardshipEvidence("self_request", A)], PROFILES["heze"], DAY, cross)
    assert [p.category for p in found] == expected
    assert [p.unsure for p in found] == unsure


@pytest.mark.parametrize("cross", [True, False, None])
def test_the_other_categories_do_not_ask_where_a_child_is_from(cross: bool | None) -> None:
    assert categories("heze", HardshipEvidence("vagrancy", A), cross=cross) == ["vagrancy"]


def test_r3_heilongjiang_takes_a_self_request_up_promptly() -> None:
    evidence = [HardshipEvidence("self_request", A)]
    handling = {
        place: [p.handling for p in propose(evidence, profile, DAY, True)]
        for place, profile in PROFILES.items()
    }
    assert handling.pop("heilongjiang") == ["accept_promptly"]
    assert all(found == ["ledger"] for found in handling.values())


def test_nothing_is_proposed_without_rules_in_force() -> None:
    evidence = [HardshipEvidence("vagrancy", A)]
    assert propose(evidence, None, DAY, None) == ()
    assert propose(evidence, PROFILES["tianmen"], date(2025, 7, 29), None) == ()
    assert len(propose(evidence, PROFILES["tianmen"], date(2025, 7, 30), None)) == 1
