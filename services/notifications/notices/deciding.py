"""What a person does with a notice: accept, answer, refuse it; release or withdraw it; ask.

The receiving side accepts, answers and refuses; the telling side releases and withdraws.  Either is civil affairs (民政).
"""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.authorities.queries import is_authority, names
from services.notifications.events.models import Case
from services.notifications.hub import Hub
from services.notifications.notices import authenticity, moving, queries
from services.notifications.notices.handing_on import check_day, tell_registry
from services.notifications.notices.issuing import Kind, Toward
from services.notifications.notices.models import Notice
from services.notifications.notices.schemas import AnswerIn, EnquiryIn
from services.notifications.notices.states import Move, Outcome, State
from shared.auth import MACHINES, Caller
from shared.clock import SHANGHAI
from shared.divisions import county_of, successors_on, widen
from shared.preconditions import check, etag, given
from shared.problems import Conflict, Flaw, Forbidden, Invalid, NotFound, PersonNeeded
from shared.references import References
from shared.vocabulary import Department

FOR_RECEIVER = (
    "Only the receiver accepts, answers or refuses: the authority of the county that is told."
)
FOR_TELLER = "Only the county that tells releases or withdraws a notice."
NEVER_WAS = (
    "No division has or had this code (GB/T 2260), nor is it the local code of a county for which an authority is named:"
    " give the county's six digits, or leave it out."
)
NOT_THERE = "Outside your area, so it is not for you to confirm: answer mismatch, or not_ours to send the notice on."


class NothingToAsk(Conflict):
    type = "nothing-to-ask"
    title = "The child has no other place that could be asked"
    title_zh = "没有可供核实的另一方"


async def receive(
    session: AsyncSession,
    hub: Hub,
    caller: Caller,
    notice_id: UUID,
    what: Move,
    if_match: str | None,
    now: datetime,
) -> Notice:
    """Accept, answer or refuse: an act of the receiving authority; others in its area may only read."""
    _only_civil_affairs(caller)
    notice = await queries.for_change(session, caller, notice_id)
    if notice.direction == "outgoing" or not await _receives(session, hub, caller, notice, now):
        raise Forbidden(FOR_RECEIVER)
    check(if_match, etag(notice.version))
    moving.must_move(notice, what, now)
    if what is Move.REFUSE:
        _bind(hub, notice, now)
    session.add(notice)
    return notice


def _only_civil_affairs(caller: Caller) -> None:
    if caller.department != Department.CIVIL_AFFAIRS:
        raise Forbidden


async def _receives(
    session: AsyncSession, hub: Hub, caller: Caller, notice: Notice, now: datetime
) -> bool:
    """Whether the caller has the notice, or is a named authority for its county."""
    if not caller.covers(notice.target_county):
        return False
    return notice.receiver_client == caller.client or await is_authority(
        session,
        hub,
        caller.client,
        notice.target_county,
        now.astimezone(SHANGHAI).date(),
    )


async def answer(
    session: AsyncSession,
    hub: Hub,
    caller: Caller,
    notice_id: UUID,
    said: AnswerIn,
    if_match: str | None,
    now: datetime,
) -> Notice:
    """Answer; the registry or the issuing hub hears of it from the worker.

    Invalid for a division that never was, and for one elsewhere that the hukou place confirms as its own.
    """
    named = await _division(session, hub, said.hukou_division)
    notice = await receive(session, hub, caller, notice_id, Move.ANSWER, if_match, now)
    check_day(notice, said, now)
    own = said.outcome is Outcome.CONFIRMED and notice.toward == Toward.HUKOU
    if own and named is not None and not _covers(hub, caller, named, now):
        raise Invalid(flaws=[_division_flaw(NOT_THERE)])
    notice.outcome = said.outcome
    notice.hukou_division = named
    notice.effective_on = said.effective_on
    if notice.kind == Kind.HANDOVER:
        tell_registry(hub, notice, now)
        return notice
    authenticity.vouch(hub.audit, notice)
    if notice.direction == "local" and notice.toward == Toward.HUKOU:
        notice.pushed, notice.due_at, notice.tries = "waiting", now, 0
    return notice


async def release(
    session: AsyncSession,
    hub: Hub,
    caller: Caller,
    notice_id: UUID,
    what: Move,
    if_match: str | None,
    now: datetime,
) -> Notice:
    """Release a held notice, or withdraw one: an act of the telling side; PersonNeeded when it is a job."""
    _only_civil_affairs(caller)
    if caller.actor.startswith(MACHINES):
        raise PersonNeeded
    notice = await queries.for_change(session, caller, notice_id)
    if notice.direction == "incoming" or not caller.covers(notice.origin_county):
        raise Forbidden(FOR_TELLER)
    check(given(if_match), etag(notice.version))
    moving.must_move(notice, what, now)
    if what is Move.WITHDRAW:
        _bind(hub, notice, now)
    session.add(notice)
    return notice


def _bind(hub: Hub, notice: Notice, now: datetime) -> None:
    """That a person ended it is provable, to whoever is told: other hubs, and of a handover our registry."""
    if notice.kind == Kind.HANDOVER:
        tell_registry(hub, notice, now)
    else:
        authenticity.vouch(hub.audit, notice)


async def enquire(
    session: AsyncSession,
    caller: Caller,
    references: References,
    asked: EnquiryIn,
    notice_id: UUID,
    now: datetime,
) -> Notice:
    """Ask the other side about a child that lives or is registered in the caller's area, which is civil affairs'."""
    child = asked.child
    if asked.reference is not None:
        child = references.read(asked.reference, caller.client)
    if child is None:
        raise NotFound
    case = await queries.case_of(session, caller, child)
    toward, origin, target = _sides(caller, case, asked.to)
    state = State.AWAITING_DECISION if case.shielded else State.ISSUED
    notice = Notice(
        id=notice_id,
        kind=Kind.QUALIFICATION_ENQUIRY,
        direction="local",
        toward=toward,
        state=state,
        child=child,
        origin_county=origin,
        target_county=target,
        created_at=now,
        issued_at=None if case.shielded else now,
    )
    session.add(notice)
    return notice


def _sides(caller: Caller, case: Case, to: str | None) -> tuple[Toward, int, int]:
    """Which side is asked, by which county, at which county."""
    home, hukou = case.residence, case.hukou
    if home is None or hukou is None or home == hukou:
        raise NothingToAsk
    if caller.covers(home) and to != "residence":
        return Toward.HUKOU, home, hukou
    if caller.covers(hukou) and to != "hukou":
        return Toward.RESIDENCE, hukou, home
    raise NothingToAsk


async def _division(session: AsyncSession, hub: Hub, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        code = widen(text)
    except ValueError:
        code = None
    if code is None or not (
        hub.codes.ever(code) or await names(session, hub.audit, county_of(code))
    ):
        raise Invalid(flaws=[_division_flaw(NEVER_WAS)])
    return code


def _covers(hub: Hub, caller: Caller, division: int, now: datetime) -> bool:
    """Whether the division, or what became of it, lies in the caller's area."""
    day = now.astimezone(SHANGHAI).date()
    heirs = (hub.codes.code_on(division, day), *successors_on(division, day))
    return any(caller.covers(code) for code in (division, *heirs))


def _division_flaw(detail: str) -> Flaw:
    return Flaw("/body/hukou_division", "division", detail)
