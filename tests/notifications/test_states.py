"""The life of a notice, as a machine that tries every order of moves."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.notifications.notices import moving
from services.notifications.notices.models import Notice
from services.notifications.notices.states import ENDED, OPEN, Move, NotPossible, State, overdue

ORDER = [State.AWAITING_DECISION, State.ISSUED, State.DELIVERED, State.READ, State.ACCEPTED]
NOW = datetime(2026, 11, 20, tzinfo=UTC)


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.notice = Notice(
            id=uuid4(),
            kind="arrived",
            direction="incoming",
            toward="hukou",
            state=State.AWAITING_DECISION,
            origin_county=1,
            target_county=2,
            created_at=NOW,
        )

    @rule(
        what=st.sampled_from(list(Move)),
        direction=st.sampled_from(["local", "incoming", "outgoing"]),
    )
    def happens(self, what: Move, direction: str) -> None:
        self.now += timedelta(hours=1)
        notice, before = self.notice, State(self.notice.state)
        notice.direction, notice.untold, version = direction, False, notice.version
        try:
            changed = moving.move(notice, what, self.now)
        except NotPossible:
            assert notice.state == before
            assert notice.version == version
            return
        after = State(notice.state)
        assert notice.version == version + changed
        if before in ENDED:
            assert after is before, "an ended notice never lives again"
        if what is Move.HOLD:
            assert before in {State.AWAITING_DECISION, State.ISSUED}, (
                "what has arrived cannot be held"
            )
        elif after in OPEN:
            assert ORDER.index(after) >= ORDER.index(before), "forward only"
        if before is State.AWAITING_DECISION and changed:
            assert what in {Move.RELEASE, Move.WITHDRAW}, "a held notice moves by a person alone"
        if direction == "incoming" and changed and what in moving.TOLD_TO_ISSUER:
            assert notice.untold
        if direction == "local":
            assert not notice.untold

    @invariant()
    def stamps_follow_the_state(self) -> None:
        notice, state = self.notice, State(self.notice.state)
        if state in {State.DELIVERED, State.READ, State.ACCEPTED, State.ANSWERED, State.REFUSED}:
            assert notice.delivered_at is not None
        if state in {State.READ, State.ACCEPTED, State.ANSWERED, State.REFUSED}:
            assert notice.read_at is not None
            assert notice.delivered_at is not None
            assert notice.delivered_at <= notice.read_at
        assert (notice.ended_at is not None) == (state in ENDED)


TestLife = Life.TestCase


@pytest.mark.parametrize("state", list(State))
@given(days=st.integers(1, 400), age=st.integers(0, 500))
def test_overdue_is_a_flag_of_open_notices_alone(state: State, days: int, age: int) -> None:
    late = overdue(state, NOW, days, NOW + timedelta(days=age))
    sent = state in {State.ISSUED, State.DELIVERED, State.READ, State.ACCEPTED}
    assert late == (sent and age >= days)
    assert not overdue(state, NOW, None, NOW + timedelta(days=age)), "no deadline is configured"
