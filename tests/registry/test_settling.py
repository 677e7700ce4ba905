"""Settling, as a table and as properties: which state evidence and decisions come to."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.key_care.settling import ALLOWED, Decided, Holding, Settled, settle

DAY = datetime(2026, 3, 2, tzinfo=UTC)
ENTRY, OTHER = UUID(int=1), UUID(int=2)


def holding(days: int, entry: UUID = ENTRY) -> Holding:
    return Holding(UUID(int=100 + days), entry, DAY + timedelta(days=days))


def decided(kind: str, days: int, *basis: UUID) -> Decided:
    return Decided(kind, DAY + timedelta(days=days), basis)


@pytest.mark.parametrize(
    ("held", "decisions", "live", "state", "days"),
    [
        ([], [], set(), None, 0),
        ([holding(0)], [], {ENTRY}, "proposed", 0),
        ([holding(3), holding(1)], [], {ENTRY}, "proposed", 1),
        ([holding(0)], [decided("confirm", 1, ENTRY)], {ENTRY}, "confirmed", 1),
        # Time alone ends nothing: the evidence no longer holds, but its entry still stands.
        ([], [decided("confirm", 1, ENTRY)], {ENTRY}, "confirmed", 1),
        ([], [decided("confirm", 1, ENTRY)], {OTHER}, "under_review", 1),
        ([], [decided("confirm", 1, ENTRY, OTHER)], {OTHER}, "confirmed", 1),
        ([holding(2, OTHER)], [decided("confirm", 1, ENTRY)], {OTHER}, "confirmed", 1),
        # Opened by hand, it rests on a person's word: nothing to be recalled.
        ([], [decided("open", 1)], set(), "confirmed", 1),
        ([holding(0)], [decided("refuse", 1, ENTRY)], {ENTRY}, "refused", 1),
        ([holding(1)], [decided("refuse", 1, ENTRY)], {ENTRY}, "refused", 1),
        ([holding(2)], [decided("refuse", 1, ENTRY)], {ENTRY}, "proposed", 2),
        ([holding(0)], [decided("confirm", 1), decided("close", 2)], {ENTRY}, "closed", 2),
        (
            [holding(0), holding(3)],
            [decided("confirm", 1), decided("close", 2)],
            {ENTRY},
            "proposed",
            3,
        ),
        ([], [decided("close", 2), decided("open", 3)], set(), "confirmed", 3),
        (
            [holding(0)],
            [decided("refuse", 1), decided("confirm", 2, ENTRY)],
            {ENTRY},
            "confirmed",
            2,
        ),
    ],
)
def test_r15_settling(
    held: list[Holding], decisions: list[Decided], live: set[UUID], state: str | None, days: int
) -> None:
    expected = Settled(state, DAY + timedelta(days=days)) if state else None  # type: ignore[arg-type]
    assert settle(held, decisions, live) == expected


HELD = st.lists(st.builds(holding, st.integers(0, 9), st.sampled_from([ENTRY, OTHER])), max_size=5)
KINDS = st.sampled_from(["open", "confirm", "refuse", "close"])
DECIDED = st.lists(st.tuples(KINDS, st.booleans()), max_size=6).map(
    lambda acts: [
        decided(kind, day, *([ENTRY] if rests else [])) for day, (kind, rests) in enumerate(acts)
    ]
)
LIVE = st.sets(st.sampled_from([ENTRY, OTHER]))


@given(HELD, DECIDED, LIVE)
def test_every_state_is_one_that_people_can_act_on(
    held: list[Holding], decisions: list[Decided], live: set[UUID]
) -> None:
    settled = settle(held, decisions, live)
    assert (settled is None) == (not held and not decisions)
    if settled:
        assert ALLOWED[settled.state]


@given(HELD, DECIDED, LIVE, st.randoms())
def test_the_order_in_which_evidence_came_does_not_matter(
    held: list[Holding], decisions: list[Decided], live: set[UUID], random: object
) -> None:
    shuffled = sorted(held, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert settle(held, decisions, live) == settle(shuffled, decisions, live)


@given(HELD, DECIDED, LIVE)
def test_evidence_alone_never_confirms_and_never_ends_anything(
    held: list[Holding], decisions: list[Decided], live: set[UUID]
) -> None:
    without, settled = settle([], decisions, live), settle(held, decisions, live)
    if without and without.state == "confirmed":
        assert settled is not None
        assert settled.state == "confirmed"
    if not decisions and held:
        assert settled is not None
        assert settled.state == "proposed"


@given(HELD, DECIDED.filter(bool), LIVE)
def test_without_a_refusal_or_a_closing_the_entry_stays(
    held: list[Holding], decisions: list[Decided], live: set[UUID]
) -> None:
    settled = settle(held, decisions, live)
    assert settled is not None
    if decisions[-1].kind in ("open", "confirm"):
        assert settled.state in ("confirmed", "under_review")
    else:
        assert settled.state in ("refused", "closed", "proposed")
