"""The states of a notice and the moves between them.  Pure.

issued → delivered → read → accepted → answered, forward only; a notice may skip ahead, since receipts arrive late.
*Refused* and *withdrawn* end it too; nothing else does: being overdue is a flag.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a notice stands (通知单状态).

    `awaiting_decision` 待决定, `issued` 已发出, `delivered` 已送达, `read` 已阅, `accepted` 已受理, `answered` 已答复,
    `refused` 已退回, `withdrawn` 已撤销.
    """

    AWAITING_DECISION = "awaiting_decision"
    ISSUED = "issued"
    DELIVERED = "delivered"
    READ = "read"
    ACCEPTED = "accepted"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Move(StrEnum):
    """What can happen to a notice."""

    RELEASE = "release"
    HOLD = "hold"
    DELIVER = "deliver"
    READ = "read"
    ACCEPT = "accept"
    ANSWER = "answer"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class Outcome(StrEnum):
    """What the answering place says (答复).

    `confirmed` 属实, `mismatch` 不一致, `not_ours` 非本地户籍, `unknown` 查无此人.
    """

    CONFIRMED = "confirmed"
    MISMATCH = "mismatch"
    NOT_OURS = "not_ours"
    UNKNOWN = "unknown"


class Settled(StrEnum):
    """What the giving hub made of an acceptance (接收结果): `kept` 已确认, `void` 已作废: it had been taken back before."""

    KEPT = "kept"
    VOID = "void"


class AnswerDue(StrEnum):
    """Whether somebody owes a word (答复时限).

    `no` 无需答复, `within_limit` 未到期, `overdue` 已逾期，升级督办, `no_limit_configured` 未配置时限，须督办.
    """

    NO = "no"
    WITHIN_LIMIT = "within_limit"
    OVERDUE = "overdue"
    NO_LIMIT_CONFIGURED = "no_limit_configured"


class NotPossible(Exception):
    """This move cannot be made from this state."""


SENT = (State.ISSUED, State.DELIVERED, State.READ, State.ACCEPTED)
OPEN = (State.AWAITING_DECISION, *SENT)
ENDED = (State.ANSWERED, State.REFUSED, State.WITHDRAWN)
_REACHED = {Move.DELIVER: State.DELIVERED, Move.READ: State.READ, Move.ACCEPT: State.ACCEPTED}
_ENDING = {Move.ANSWER: State.ANSWERED, Move.REFUSE: State.REFUSED, Move.WITHDRAW: State.WITHDRAWN}


def _table() -> Mapping[tuple[State, Move], State]:
    table = {
        (State.AWAITING_DECISION, Move.RELEASE): State.ISSUED,
        (State.AWAITING_DECISION, Move.HOLD): State.AWAITING_DECISION,
        (State.AWAITING_DECISION, Move.WITHDRAW): State.WITHDRAWN,
        (State.ISSUED, Move.HOLD): State.AWAITING_DECISION,
    }
    for place, state in enumerate(SENT):
        for move, reached in _REACHED.items():
            table[state, move] = SENT[max(place, SENT.index(reached))]
        table |= {(state, move): end for move, end in _ENDING.items()}
    # Receipts that come late, or twice, change nothing.
    table |= {(end, move): end for end in ENDED for move in (Move.DELIVER, Move.READ)}
    return table


TABLE = _table()


def after(state: State, move: Move) -> State:
    """The state that follows; NotPossible where the move makes no sense."""
    try:
        return TABLE[state, move]
    except KeyError as error:
        raise NotPossible(f"{move} from {state}") from error


def possible(state: State, move: Move) -> bool:
    return (state, move) in TABLE


def overdue(state: State, issued_at: datetime | None, days: int | None, now: datetime) -> bool:
    """Whether an answer is late; never, where no deadline is configured."""
    if days is None or issued_at is None or state not in SENT:
        return False
    return now >= issued_at + timedelta(days=days)


def answer_due(since: datetime | None, asks: bool, days: int | None, now: datetime) -> AnswerDue:
    """What is owed by somebody who was told ``since``, None where nobody is.

    No text says within how many days a county answers another.  Where an administrator has set no limit either, what ``asks`` for
    an answer is to be pressed for at once: nothing ends by time, so that a person has to look.
    """
    if since is None:
        return AnswerDue.NO
    if days is None:
        return AnswerDue.NO_LIMIT_CONFIGURED if asks else AnswerDue.NO
    late = now >= since + timedelta(days=days)
    return AnswerDue.OVERDUE if late else AnswerDue.WITHIN_LIMIT
