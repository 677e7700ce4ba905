"""Pressing: which notices somebody has to look after, since the other side keeps silent, and nothing ends by itself.

Of what was told, the answer is owed; of a handover that our county accepted, the word of the giving hub, without which the giving
county keeps the child's file.  Whoever told it withdraws it, if need be: a person.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, text
from sqlmodel import col

from services.notifications.notices.issuing import Kind
from services.notifications.notices.models import UNSETTLED, Notice
from services.notifications.notices.states import SENT, AnswerDue, State, answer_due

#: Which kinds ask for an answer; the others tell, and an answer corrects them.
ASKING = (Kind.HANDOVER, Kind.QUALIFICATION_ENQUIRY)


def waiting(notice: Notice, days: int | None, now: datetime) -> AnswerDue:
    """Whether an answer is owed to the notice, or the other hub's word to ours; ``days`` is the configured limit, if any."""
    if _unsettled(notice):
        return answer_due(notice.ended_at, True, days, now)
    since = notice.issued_at if State(notice.state) in SENT else None
    return answer_due(since, notice.kind in ASKING, days, now)


def _unsettled(notice: Notice) -> bool:
    return (
        notice.kind == Kind.HANDOVER
        and notice.direction == "incoming"
        and notice.state == State.ANSWERED
        and notice.effective_on is not None
        and notice.settled is None
    )


def pressed_for(days: int | None, now: datetime) -> ColumnElement[bool]:
    """Those that are overdue, and at once where no limit is configured: in SQL what ``waiting`` says of one."""
    sent = col(Notice.state).in_(SENT)
    unsettled = and_(text(UNSETTLED), col(Notice.effective_on).is_not(None))
    if days is None:
        return or_(unsettled, and_(sent, col(Notice.kind).in_(ASKING)))
    before = now - timedelta(days=days)
    return or_(
        and_(unsettled, col(Notice.ended_at) <= before),
        and_(sent, col(Notice.issued_at) <= before),
    )
