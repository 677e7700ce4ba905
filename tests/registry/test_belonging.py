"""Where a child is registered, from whatever anybody claims: one department's word takes it nowhere."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.children import claiming
from services.registry.children.belonging import belong
from services.registry.children.claims import HukouClaim, Source
from services.registry.children.folding import rule
from services.registry.children.precedence import said
from services.registry.records.feeds import FEEDS

NAMES = UUID(int=7)
ZHONG, YUNYANG, CAO = 500233000000, 500235000000, 371721000000
TOLD = datetime(2026, 1, 1, tzinfo=UTC)


def claim(
    county: int,
    department: str,
    feed: str,
    day: int,
    *,
    since: str | None = None,
    office: int = 0,
) -> HukouClaim:
    """What ``department`` reported on the ``day``-th."""
    record = uuid5(NAMES, f"{county}{department}{feed}{day}{since}")
    told = TOLD + timedelta(days=day)
    source = Source(record, record, feed, department, told.date(), office or county, told)
    return HukouClaim(county, date.fromisoformat(since) if since else None, "", source)


def held(claims: list[HukouClaim]) -> tuple[int | None, set[int]]:
    """The county, and those that stand aside."""
    found = belong(claims, rule("hukou").rank, lambda c: said(c.source))
    return found.code, {c.code for c in found.unconfirmed}


SCHOOL = claim(ZHONG, "education", "enrolments", 1)
HOSPITAL = claim(ZHONG, "health", "health-checks", 2)
CASES = {
    "the only word holds": ([SCHOOL], ZHONG, set()),
    "civil affairs of another county take nothing": (
        [SCHOOL, claim(YUNYANG, "civil_affairs", "surveys", 3)],
        ZHONG,
        {YUNYANG},
    ),
    "nor does another county's register": (
        [SCHOOL, claim(YUNYANG, "police", "household-registrations", 3, since="2026-01-02")],
        ZHONG,
        {YUNYANG},
    ),
    "two departments do": (
        [
            SCHOOL,
            claim(YUNYANG, "police", "household-registrations", 3, since="2025-06-01"),
            claim(YUNYANG, "civil_affairs", "surveys", 4),
        ],
        YUNYANG,
        {ZHONG},
    ),
    "of two supported the register's newer word": (
        [
            SCHOOL,
            HOSPITAL,
            claim(YUNYANG, "police", "household-registrations", 3, since="2025-06-01"),
            claim(YUNYANG, "civil_affairs", "surveys", 4),
        ],
        YUNYANG,
        set(),
    ),
    "the register that has the child gives it away": (
        [
            SCHOOL,
            claim(
                YUNYANG,
                "police",
                "household-registrations",
                3,
                since="2025-06-01",
                office=ZHONG,
            ),
        ],
        YUNYANG,
        set(),
    ),
    "so does the answer of the place that has it": (
        [SCHOOL, claim(YUNYANG, "civil_affairs", "hukou-answers", 3, office=ZHONG)],
        YUNYANG,
        set(),
    ),
    "nobody gives away what is not theirs": (
        [SCHOOL, claim(CAO, "police", "household-registrations", 3, office=YUNYANG)],
        ZHONG,
        {CAO},
    ),
    "a place does not confirm itself: its survey and its answer are one voice": (
        [
            SCHOOL,
            claim(YUNYANG, "civil_affairs", "surveys", 3),
            claim(YUNYANG, "civil_affairs", "hukou-answers", 4),
        ],
        ZHONG,
        {YUNYANG},
    ),
    "another hub speaks for its own county": (
        [SCHOOL, claim(CAO, "hub", "hukou-answers", 3)],
        CAO,
        {ZHONG},
    ),
    "and for no other": (
        [SCHOOL, claim(CAO, "hub", "peer-facts", 3, office=YUNYANG)],
        ZHONG,
        {CAO},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_r14_one_word_takes_no_child_to_another_hukou_place(case: str) -> None:
    claims, county, aside = CASES[case]
    for order in permutations(claims):
        assert held(list(order)) == (county, aside)


def test_former_places_are_remembered_on_one_word() -> None:
    claims = [
        claim(ZHONG, "police", "household-registrations", 1, since="2016-05-01"),
        claim(YUNYANG, "police", "household-registrations", 2, since="2024-03-01"),
        claim(YUNYANG, "education", "enrolments", 3),
    ]
    found = belong(claims, rule("hukou").rank, lambda c: said(c.source))
    assert [(c.code, c.since) for c in found.spells] == [
        (ZHONG, date(2016, 5, 1)),
        (YUNYANG, date(2024, 3, 1)),
    ]


@pytest.mark.parametrize(("own", "office"), [(True, CAO), (False, 0), (None, 0)])
def test_a_peer_hub_is_the_voice_of_its_own_county_alone(own: bool | None, office: int) -> None:
    """Its facts are kept under the county of ours that its notice was for."""
    said = FEEDS["peer-facts"].model.model_validate(
        {
            "source_id": "P-1",
            "version": 1,
            "observed_on": "2026-11-01",
            "division": "500233",
            "child": {},
            "hukou": {"division": "371721"},
            "hub": "heze",
            "own_hukou": own,
        }
    )
    told = Source(NAMES, NAMES, "peer-facts", "hub", TOLD.date(), ZHONG, TOLD)
    (claim_,) = claiming._hukou(said, told)
    assert (claim_.code, claim_.source.office) == (CAO, office)


CLAIMS = st.builds(
    claim,
    st.sampled_from([ZHONG, YUNYANG, CAO]),
    st.sampled_from(["police", "education", "civil_affairs", "hub"]),
    st.sampled_from(["household-registrations", "surveys", "enrolments", "hukou-answers"]),
    st.integers(1, 300),
    since=st.none() | st.sampled_from(["2020-01-01", "2025-02-03"]),
    office=st.sampled_from([0, ZHONG, YUNYANG, CAO]),
)
TRUE = [
    claim(ZHONG, "education", "enrolments", 400),
    claim(ZHONG, "police", "residence-permits", 401),
]


@given(st.lists(CLAIMS, max_size=5), st.randoms(use_true_random=False))
def test_order_changes_nothing(claims: list[HukouClaim], chance: object) -> None:
    shuffled = list(claims)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert held(shuffled) == held(claims)


@given(
    st.sampled_from(["police", "education", "civil_affairs"]),
    st.lists(
        st.tuples(
            st.sampled_from(
                ["household-registrations", "surveys", "enrolments", "hukou-answers", "assistance"]
            ),
            st.integers(1, 900),
            st.none() | st.sampled_from(["2020-01-01", "2026-10-01"]),
        ),
        max_size=6,
    ),
)
def test_whatever_one_department_of_a_county_says_it_takes_no_child(
    department: str, said: list[tuple[str, int, str | None]]
) -> None:
    lies = [claim(YUNYANG, department, feed, day, since=since) for feed, day, since in said]
    county, aside = held([*TRUE, *lies])
    assert county == ZHONG
    assert aside == ({YUNYANG} if lies else set())
