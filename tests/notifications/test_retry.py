"""When deliveries are tried again, and when a receiver is left alone.  Pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.deliveries.breaker import (
    CLOSED,
    LIMIT,
    LONGEST_PAUSE,
    Breaker,
    after,
    spends_attempt,
)
from services.notifications.deliveries.retry import (
    JITTER,
    LONGEST_RETRY_AFTER,
    NO_CONNECTION,
    SCHEDULE,
    Failure,
    Outcome,
    judge,
    next_attempt,
)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DOWN = judge(503)


@pytest.mark.parametrize(
    ("status", "failure", "gone"),
    [
        (200, None, False),
        (202, None, False),
        (204, None, False),
        (299, None, False),
        (301, Failure.PERMANENT, False),
        (307, Failure.PERMANENT, False),
        (400, Failure.PERMANENT, False),
        (401, Failure.PERMANENT, False),
        (404, Failure.PERMANENT, False),
        (408, Failure.TEMPORARY, False),
        (410, Failure.PERMANENT, True),
        (422, Failure.PERMANENT, False),
        (425, Failure.TEMPORARY, False),
        (429, Failure.TEMPORARY, False),
        (500, Failure.TEMPORARY, False),
        (503, Failure.TEMPORARY, False),
        (599, Failure.TEMPORARY, False),
    ],
)
def test_what_a_status_means(status: int, failure: Failure | None, gone: bool) -> None:
    outcome = judge(status)
    assert (outcome.failure, outcome.gone) == (failure, gone)


@given(st.integers(100, 999))
def test_only_2xx_is_success(status: int) -> None:
    assert judge(status).success == (200 <= status < 300)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("999999", LONGEST_RETRY_AFTER),
        ("99999999999999999999", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_honoured_up_to_a_limit(header: str | None, seconds: int | None) -> None:
    assert judge(503, header).retry_after == seconds


def test_the_schedule_covers_more_than_eight_days() -> None:
    assert timedelta(seconds=sum(SCHEDULE)) >= timedelta(days=8)
    assert list(SCHEDULE) == sorted(SCHEDULE)


@given(
    st.integers(1, len(SCHEDULE)),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.integers(0, LONGEST_RETRY_AFTER),
)
def test_jitter_is_added_to_what_was_asked_for(
    attempts: int, chance: float, asked: int | None
) -> None:
    outcome = Outcome(503, Failure.TEMPORARY, retry_after=asked)
    due = next_attempt(attempts, outcome, NOW, chance)
    assert due is not None
    least = max(SCHEDULE[attempts - 1], asked or 0)
    assert least <= (due - NOW).total_seconds() <= least * (1 + JITTER) + 1e-6


def test_it_ends() -> None:
    assert next_attempt(len(SCHEDULE) + 1, DOWN, NOW, 0) is None


def opened() -> Breaker:
    breaker = CLOSED
    for _ in range(LIMIT):
        breaker = after(breaker, DOWN, NOW, probe=False)
    return breaker


def test_it_opens_after_failures_in_a_row_alone() -> None:
    breaker = CLOSED
    for _ in range(LIMIT * 3):
        breaker = after(breaker, DOWN, NOW, probe=False)
        breaker = after(breaker, DOWN, NOW, probe=False)
        breaker = after(breaker, judge(200), NOW, probe=False)
    assert breaker == CLOSED
    assert opened().open_until is not None


def test_a_failed_probe_opens_longer_and_spends_no_attempt() -> None:
    breaker, pauses = opened(), []
    for _ in range(12):
        assert breaker.open_until is not None
        at = breaker.open_until
        assert not spends_attempt(breaker, NO_CONNECTION)
        breaker = after(breaker, NO_CONNECTION, at, probe=True)
        assert breaker.open_until is not None
        pauses.append(breaker.open_until - at)
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


def test_a_good_probe_closes() -> None:
    assert after(opened(), judge(204), NOW, probe=True) == CLOSED


@given(st.lists(st.sampled_from([judge(400), judge(404), judge(410), judge(302)]), max_size=30))
def test_refusals_of_messages_never_open_it(outcomes: list[Outcome]) -> None:
    breaker = CLOSED
    for outcome in outcomes:
        breaker = after(breaker, outcome, NOW, probe=False)
        assert spends_attempt(breaker, outcome)
    assert breaker == CLOSED


def test_stragglers_do_not_prolong_the_pause() -> None:
    breaker = opened()
    assert (
        after(breaker, DOWN, NOW + timedelta(seconds=5), probe=False).open_until
        == breaker.open_until
    )
