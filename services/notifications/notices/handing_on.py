"""Notices of handover (移交): what makes one county answer for a child in the place of another's.

The receiving place decides, once; the giving hub alone says whether its acceptance came in time.  Until then the file is with
the county that gives it: the receiving hub's registry keeps the proposal, and the acceptance as soon as it hears that it was
*kept*.  Hence a notice can be taken back at any time before the answer is here, however the two cross: an acceptance that finds
it taken back is *void*.  Messages may be late, lost, repeated or in any order; the file never has two counties.

A hub of an older make passes the file as soon as it hears that somebody accepted, and says no more: the county here would wait
for its word, and nobody had the child.  So such a notice is not accepted at all (``PeerOutdated``).  Of an acceptance that
nobody has settled the giving hub is asked again, day by day (``peers/telling.py``).

A day that a peer's county names begins tomorrow at the earliest, so that as a rule word of it comes before.
"""

from datetime import datetime, timedelta

from services.notifications.hub import Hub
from services.notifications.notices import authenticity
from services.notifications.notices.authenticity import ANSWERS
from services.notifications.notices.issuing import Kind
from services.notifications.notices.models import Notice
from services.notifications.notices.schemas import AnswerIn
from services.notifications.notices.states import Outcome, Settled, State
from shared.clock import SHANGHAI
from shared.problems import Conflict, Flaw, Invalid

#: A day farther off than this is a slip of the pen.
FARTHEST = timedelta(days=366)


class FactsMissing(Conflict):
    type = "facts-missing"
    title = "What the notice is about has not come from the other hub yet"
    title_zh = "对端信息尚未到达"


class PeerOutdated(Conflict):
    type = "peer-outdated"
    title = "The other hub is of an older make, and would not confirm what your county accepts"
    title_zh = "对端枢纽版本较旧，无法确认接收"


NEVER_SETTLED = "Its county keeps the file.  Refuse the notice, or leave it until that hub was brought up to date and asks anew."


def check_day(notice: Notice, said: AnswerIn, now: datetime) -> None:
    """Invalid where a day is missing, out of place or not to be; FactsMissing where nobody knows yet whom it is about."""
    takes = notice.kind == Kind.HANDOVER and said.outcome is Outcome.CONFIRMED
    if (said.effective_on is not None) != takes:
        raise _invalid("A handover that you confirm has its day, and nothing else has.")
    if notice.kind == Kind.HANDOVER and said.hukou_division is not None:
        raise Invalid(flaws=[Flaw("/body/hukou_division", "division", "Not of a handover.")])
    if said.effective_on is None:
        return
    incoming = notice.direction == "incoming"
    if incoming and not notice.settles:
        raise PeerOutdated(NEVER_SETTLED)
    if incoming and notice.entry is None:
        raise FactsMissing
    earliest = now.astimezone(SHANGHAI).date() + timedelta(days=incoming)
    if not earliest <= said.effective_on <= earliest + FARTHEST:
        raise _invalid("From today on, of another hub's from tomorrow on, and within a year.")


def tell_registry(hub: Hub, notice: Notice, now: datetime) -> None:
    """Let our registry hear how it ended.  Of another hub's, only that our county takes the child."""
    authenticity.vouch(hub.audit, notice)
    if notice.direction != "incoming" or notice.effective_on is not None:
        notice.pushed, notice.due_at, notice.tries = "waiting", now, 0


def tell_again(notice: Notice, now: datetime) -> None:
    """The hub that accepted asks what became of it: the word was lost, or the acceptance is from before there was one.

    Of such a one our registry is asked once more; it knows what it has, and is told nothing that it has not been told.
    """
    if notice.state == State.WITHDRAWN or notice.settled is not None:
        notice.untold = True
    elif notice.pushed in ("done", "refused"):
        notice.pushed, notice.due_at, notice.tries = "waiting", now, 0


def settle(hub: Hub, notice: Notice, how: Settled, now: datetime) -> bool:
    """The giving hub says what became of our county's acceptance; our registry hears of it.  Whether it was news."""
    answered = notice.kind == Kind.HANDOVER and notice.state == State.ANSWERED
    if not answered or notice.effective_on is None or notice.settled is not None:
        return False
    if not ANSWERS.authentic(hub.audit, notice.model_dump()):
        return False
    notice.settled = how
    if how is Settled.VOID:
        notice.state, notice.untold = State.WITHDRAWN, False
    notice.version += 1
    tell_registry(hub, notice, now)
    return True


def _invalid(detail: str) -> Invalid:
    return Invalid(flaws=[Flaw("/body/effective_on", "effective_on", detail)])
