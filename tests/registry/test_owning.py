"""Who has a child's file, for every story and every day: exactly one county, and only accepted handovers move it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.registry.handovers.owning import Handover, carried, ownership, responsible
from services.registry.handovers.reading import handovers_of
from services.registry.handovers.terms import HandoverSide
from services.registry.handovers.terms import HandoverState as State

YUZHONG, JIULONGPO, ZHONG, CAO = 500103000000, 500107000000, 500233000000, 371721000000
COUNTIES = st.sampled_from([YUZHONG, JIULONGPO, ZHONG, CAO])
carried(YUZHONG, date(2026, 1, 1))  # reads the table of divisions, which no example's time is for
START = datetime(2026, 1, 1, 4, tzinfo=UTC)
DAYS = st.integers(0, 60).map(lambda n: date(2026, 1, 1) + timedelta(days=n))


@st.composite
def handovers(draw: st.DrawFn) -> tuple[Handover, ...]:
    """Whatever can lie beside one another, also where it came together by merges."""
    made = []
    for number in range(draw(st.integers(0, 6))):
        accepted = draw(st.none() | DAYS)
        made.append(
            Handover(
                UUID(int=number),
                draw(COUNTIES),
                draw(COUNTIES),
                draw(st.sampled_from(HandoverSide)),
                START + timedelta(days=draw(st.integers(0, 40))),
                accepted,
                START if accepted else None,
                draw(st.sampled_from([None, None, State.REJECTED, State.REVOKED])),
                draw(st.booleans()),
            )
        )
    return tuple(made)


def oldest_of(made: tuple[Handover, ...]) -> Handover | None:
    """Of those that say who had the file: what another hub offered says so as long as our county's acceptance stands."""
    said = [one for one in made if one.stands or not one.offered]
    return min(said, key=lambda h: h.order, default=None)


@given(COUNTIES, handovers(), DAYS)
def test_r6_every_day_has_one_responsible_county(
    first: int, made: tuple[Handover, ...], day: date
) -> None:
    found = ownership(first, made, day)
    assert [one.since is None for one in found.spells] == [True] + [False] * (len(found.spells) - 1)
    days = [one.since for one in found.spells if one.since is not None]
    assert days == sorted(days)
    assert found.county_on(day) in {first, *(h.giving for h in made), *(h.taking for h in made)}
    assert set(found.states) == {one.id for one in made}
    assert ownership(first, tuple(reversed(made)), day) == found


@given(COUNTIES, handovers(), DAYS)
def test_r6_the_file_moves_by_acceptances_alone_and_on_their_days(
    first: int, made: tuple[Handover, ...], day: date
) -> None:
    before, after = (responsible(first, made, day + timedelta(days=n)) for n in (-1, 0))
    if before != after:
        passing = [h for h in made if h.stands and h.effective_on == day and h.taking == after]
        states = ownership(first, made, day).states
        assert any(states[one.id] is State.PASSED for one in passing)
    # What was rejected or revoked, or awaits an answer, might as well never have been, but for who had the file first.
    oldest = oldest_of(made)
    begun = oldest.giving if oldest else first
    accepted = tuple(h for h in made if h.stands and h.effective_on)
    if not accepted or min(accepted, key=lambda h: h.order).giving == begun:
        assert responsible(begun, accepted, day) == after


@given(COUNTIES, handovers())
def test_r6_each_acceptance_counts_from_its_day_if_the_county_that_gives_has_the_file(
    first: int, made: tuple[Handover, ...]
) -> None:
    """Told day by day, as a person with a list of the acceptances would."""
    oldest = oldest_of(made)
    owner = oldest.giving if oldest else first
    for day in (date(2025, 12, 31) + timedelta(days=n) for n in range(64)):
        due = [h for h in made if h.stands and h.effective_on == day]
        for one in sorted(due, key=lambda h: h.order):
            if owner == one.giving:
                owner = one.taking
        assert responsible(first, made, day) == owner, day


@given(COUNTIES, handovers(), DAYS)
def test_r6_what_another_hub_offered_and_took_back_might_as_well_never_have_been(
    first: int, made: tuple[Handover, ...], day: date
) -> None:
    stood = tuple(one for one in made if one.stands or not one.offered)
    found, without = ownership(first, made, day), ownership(first, stood, day)
    assert found.spells == without.spells
    assert {one.id: found.states[one.id] for one in stood} == without.states


@given(COUNTIES, handovers(), DAYS)
def test_r6_at_most_one_handover_is_open(first: int, made: tuple[Handover, ...], day: date) -> None:
    states = ownership(first, made, day).states
    assert list(states.values()).count(State.PROPOSED) <= 1
    if State.ACCEPTED in states.values():
        assert State.PROPOSED not in states.values()


def test_r6_a_county_that_was_renumbered_keeps_the_file() -> None:
    """An only heir takes the file along, without anybody's act."""
    yongchuan_city, yongchuan_district = 500383000000, 500118000000
    assert carried(yongchuan_city, date(2005, 1, 1)) == yongchuan_city
    assert carried(yongchuan_city, date(2026, 1, 1)) == yongchuan_district
    assert responsible(yongchuan_city, (), date(2026, 1, 1)) == yongchuan_district


def test_r6_what_a_renumbered_county_proposed_leaves_the_past_its_code() -> None:
    """渝北区 became 两江新区 on 1 November 2025; what was proposed under the new code told that code of every day before."""
    yubei, liangjiang = 500112000000, 500157000000
    at = datetime(2025, 11, 24, 4, tzinfo=UTC)
    one = Handover(UUID(int=1), liangjiang, ZHONG, HandoverSide.GIVING, at)
    for day, county in ((date(2025, 3, 3), yubei), (at.date(), liangjiang)):
        assert responsible(yubei, (), day) == county
        assert responsible(yubei, (one,), day) == county


def act(number: int, kind: str, at: int, **more: Any) -> dict[str, Any]:
    return {
        "handover_id": UUID(int=1),
        "number": number,
        "kind": kind,
        "department": "civil_affairs",
        "side": "giving",
        "giving": YUZHONG,
        "taking": JIULONGPO,
        "effective_on": None,
        "acted_at": START + timedelta(days=at),
        **more,
    }


def test_r6_what_cannot_follow_changes_nothing() -> None:
    accepted = act(2, "accept", 1, effective_on=date(2026, 1, 10))
    for acts, ended, effective in (
        (
            [act(2, "reject", 1), act(3, "accept", 2, effective_on=date(2026, 1, 9))],
            "rejected",
            None,
        ),
        ([accepted, act(3, "reject", 2)], None, date(2026, 1, 10)),
        ([accepted, act(3, "revoke", 8)], "revoked", date(2026, 1, 10)),
        ([accepted, act(3, "revoke", 9)], None, date(2026, 1, 10)),  # the day has come
    ):
        (one,) = handovers_of([act(1, "propose", 0), *acts])
        assert (one.ended, one.effective_on) == (ended, effective)
    assert handovers_of([accepted]) == ()
