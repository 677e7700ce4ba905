"""Which notices events call for: tables of single decisions, and properties of whole lives."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.notices.issuing import (
    Draft,
    Happening,
    Kind,
    Territory,
    Told,
    Toward,
    drafts,
    happening,
)
from services.notifications.notices.routing import Candidate, route
from services.notifications.notices.states import SENT, State

YUZHONG, JIANGBEI, CAOXIAN, MUDAN = 500103000000, 500105000000, 371721000000, 371702000000
TODAY = date(2026, 11, 20)
CHONGQING = Territory(((500000000000, 509999999999),))
HEZE = Territory(((371700000000, 371799999999),))


def told(kind: str, origin: int, target: int, state: State = State.DELIVERED) -> Told:
    return Told(kind, origin, target, state)


ARRIVED = told("arrived", YUZHONG, CAOXIAN)
MOVED_ON = told("moved_on", YUZHONG, CAOXIAN)

TABLE = [
    ("a first arrival", {"type": "child.registered"}, [], [("arrived", YUZHONG, CAOXIAN)]),
    ("told already", {"type": "child.status_changed"}, [ARRIVED], []),
    (
        "a person decided not to tell",
        {"type": "child.status_changed"},
        [told("arrived", YUZHONG, CAOXIAN, State.WITHDRAWN)],
        [],
    ),
    ("not cross-county", {"type": "child.registered", "hukou": YUZHONG}, [], []),
    ("hukou unknown", {"type": "child.registered", "hukou": None}, [], []),
    ("home unknown", {"type": "child.registered", "residence": None}, [], []),
    (
        "another hub's to tell",
        {"type": "child.registered", "residence": MUDAN, "hukou": YUZHONG},
        [],
        [],
    ),
    (
        "gone, whereto unknown",
        {"type": "child.moved_on", "previous_residence": YUZHONG},
        [ARRIVED],
        [("moved_on", YUZHONG, CAOXIAN)],
    ),
    (
        "gone, said before",
        {"type": "child.moved_on", "previous_residence": YUZHONG},
        [ARRIVED, MOVED_ON],
        [],
    ),
    ("gone, never told", {"type": "child.moved_on", "previous_residence": YUZHONG}, [], []),
    ("gone, its old home lingers", {"type": "child.status_changed"}, [ARRIVED, MOVED_ON], []),
    (
        "on to the next county",
        {"type": "child.residence_changed", "previous_residence": YUZHONG, "residence": JIANGBEI},
        [ARRIVED],
        [
            ("moved_on", YUZHONG, CAOXIAN),
            ("moved_on", YUZHONG, JIANGBEI),
            ("arrived", JIANGBEI, CAOXIAN),
        ],
    ),
    (
        "home to its hukou place",
        {"type": "child.residence_changed", "previous_residence": YUZHONG, "residence": CAOXIAN},
        [ARRIVED],
        [("moved_on", YUZHONG, CAOXIAN)],
    ),
    (
        "back again",
        {"type": "child.residence_changed", "previous_residence": CAOXIAN},
        [ARRIVED, MOVED_ON],
        [("arrived", YUZHONG, CAOXIAN)],
    ),
    (
        "another hukou than thought",
        {"type": "child.hukou_changed", "hukou": MUDAN, "previous_hukou": CAOXIAN},
        [ARRIVED],
        [("arrived", YUZHONG, MUDAN)],
    ),
    ("key care", {"type": "key_care.changed"}, [ARRIVED], [("key_care_changed", YUZHONG, CAOXIAN)]),
    (
        "key care, not yet read of",
        {"type": "key_care.changed"},
        [told("key_care_changed", YUZHONG, CAOXIAN)],
        [],
    ),
    (
        "key care, read of before",
        {"type": "key_care.changed"},
        [told("key_care_changed", YUZHONG, CAOXIAN, State.READ)],
        [("key_care_changed", YUZHONG, CAOXIAN)],
    ),
    (
        "the home place asks",
        {"type": "qualification.enquired", "by": YUZHONG},
        [],
        [("qualification_enquiry", YUZHONG, CAOXIAN)],
    ),
    (
        "the hukou place asks",
        {"type": "qualification.enquired", "by": CAOXIAN},
        [],
        [("qualification_enquiry", CAOXIAN, YUZHONG)],
    ),
    ("a kind not known here", {"type": "roster.printed"}, [], []),
]


@pytest.mark.parametrize(
    ("changes", "story", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_r14_an_event_calls_for_these_notices(changes, story, expected) -> None:
    event = Happening(**{"residence": YUZHONG, "hukou": CAOXIAN, **changes})

    made = drafts(event, story, CHONGQING)

    assert [(d.kind, d.origin, d.target) for d in made] == expected
    assert not any(d.held for d in made)


def test_the_hukou_place_tells_the_home_place_of_a_new_hukou() -> None:
    event = Happening("child.hukou_changed", YUZHONG, MUDAN, previous_hukou=CAOXIAN)
    assert drafts(event, [], HEZE) == (
        Draft(Kind.HUKOU_CHANGED, MUDAN, YUZHONG, Toward.RESIDENCE, held=False),
    )


def test_a_first_known_hukou_is_no_change() -> None:
    event = Happening("child.hukou_changed", YUZHONG, CAOXIAN, previous_hukou=None)
    assert drafts(event, [], HEZE) == ()


counties = st.sampled_from([YUZHONG, JIANGBEI, CAOXIAN, MUDAN, 440305000000])
maybe = st.none() | counties
TYPES = [
    "child.registered",
    "child.residence_changed",
    "child.hukou_changed",
    "child.status_changed",
    "child.moved_on",
    "key_care.changed",
    "qualification.enquired",
    "child.updated",
]
happenings = st.builds(
    Happening,
    type=st.sampled_from(TYPES),
    residence=maybe,
    hukou=maybe,
    shielded=st.booleans(),
    previous_residence=maybe,
    previous_hukou=maybe,
    by=maybe,
)


@given(st.lists(happenings, max_size=12))
def test_a_life_is_told_by_those_who_may_and_held_where_it_endangers(life: list[Happening]) -> None:
    story: list[Told] = []
    for event in life:
        for draft in drafts(event, story, CHONGQING):
            assert draft.origin != draft.target
            assert draft.held == event.shielded
            if draft.kind is not Kind.QUALIFICATION_ENQUIRY:
                assert draft.origin in CHONGQING
            pair = [t for t in story if (t.origin, t.target) == (draft.origin, draft.target)]
            if draft.kind is Kind.ARRIVED:
                moves = [t.kind for t in pair if t.kind in ("arrived", "moved_on")]
                assert moves[-1:] != ["arrived"], "told twice of the same stay"
            state = State.AWAITING_DECISION if draft.held else State.ISSUED
            story.append(Told(draft.kind, draft.origin, draft.target, state))


@given(happenings)
def test_the_same_event_again_tells_no_stay_twice(event: Happening) -> None:
    story = [
        Told(draft.kind, draft.origin, draft.target, State.DELIVERED)
        for draft in drafts(event, [], CHONGQING)
    ]
    again = drafts(event, story, CHONGQING)
    assert not [
        d for d in again if d.kind is Kind.ARRIVED and event.type != "child.residence_changed"
    ]


@given(
    st.dictionaries(
        st.text(max_size=20), st.none() | st.booleans() | st.integers() | st.text(max_size=14)
    )
)
def test_any_body_can_be_read(body: dict[str, object]) -> None:
    what = happening("child.registered", body, TODAY)
    assert what.residence is None or what.residence % 10**6 == 0


@pytest.mark.parametrize(
    ("text", "county"),
    [
        ("500103", YUZHONG),
        ("500103001002", YUZHONG),
        ("050103000000", None),
        ("50010", None),
        ("٥٠٠١٠٣", None),
        (500103, None),
        (None, None),
    ],
)
def test_a_county_that_cannot_be_read_counts_as_not_given(text: object, county: int | None) -> None:
    assert happening("x", {"residence": text}, TODAY).residence == county


CITY = Candidate("city", 371700000000, 371799999999, client="civil-3717")
COUNTY = Candidate("county", 371721000000, 371721999999, client="civil-371721")
PEER = Candidate("heze", 371700000000, 371799999999, peer="heze", rank=2)


@pytest.mark.parametrize(
    ("known", "unwanted", "expected"),
    [
        ([CITY, COUNTY], [], "county"),
        ([CITY], [], "city"),
        ([PEER, CITY], [], "city"),
        ([PEER], [], "heze"),
        ([CITY, COUNTY], ["client:civil-371721"], "city"),
        ([CITY, PEER], ["client:civil-3717", "peer:heze"], None),
        ([], [], None),
    ],
)
def test_the_longest_match_receives(known, unwanted, expected) -> None:
    chosen = route(CAOXIAN, known, unwanted)
    assert (chosen.name if chosen else None) == expected


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=8), st.integers(0, 99))
def test_no_narrower_area_is_passed_over(areas: list[tuple[int, int]], target: int) -> None:
    known = [Candidate(f"c{n}", min(a), max(a), client=f"c{n}") for n, a in enumerate(areas)]
    chosen = route(target, known)
    fitting = [c for c in known if c.low <= target <= c.high]
    assert (chosen is None) == (not fitting)
    assert chosen is None or chosen.high - chosen.low == min(c.high - c.low for c in fitting)


def test_every_sent_state_can_still_be_answered() -> None:
    assert set(SENT) == {State.ISSUED, State.DELIVERED, State.READ, State.ACCEPTED}
