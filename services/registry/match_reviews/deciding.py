"""Deciding on a review: claiming it, giving it back, and a person's verdict.

A verdict is a ruling (``rulings/making.py``) that the worker carries out; *unsure* only puts the review off until its
evidence changes, or until a day.  Whoever decides locks the review, so that of two deciders the second is told.
"""

from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.children.kit import Kit
from services.registry.match_reviews.schemas import MatchReviewDecisionIn
from services.registry.match_reviews.showing import Representation, represent, state_of
from services.registry.match_reviews.terms import ReviewState, Verdict
from services.registry.rulings import constraints, making, queries
from services.registry.rulings.making import Draft
from services.registry.rulings.sight import Groups
from services.registry.rulings.terms import RulingKind, RulingState
from shared import audit, preconditions
from shared.auth import Caller
from shared.database import raw
from shared.limits import MAX_BULK_ITEMS
from shared.problems import Conflict


class Closed(Conflict):
    type = "review-closed"
    title = "This review has ended: its evidence changed, or somebody decided"
    title_zh = "该疑似待核已了结"


class Answered(Conflict):
    type = "review-answered"
    title = "Somebody has decided on this review"
    title_zh = "该疑似待核已有判定"


class Taken(Conflict):
    type = "review-taken"
    title = "Another person is at work on this review"
    title_zh = "该疑似待核已由他人办理"


async def assign(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    groups: Groups,
    review: UUID,
    read: str,
    now: datetime,
    day: date,
    *,
    to_me: bool,
) -> None:
    """Claim the review that was ``read`` (its ETag) for the caller, or give it back; whoever is in charge may do that
    for a colleague who does not."""
    found = await represent(session, kit, caller, groups, review, day, locked=True)
    preconditions.check(read, found.etag)
    if found.row["closed_at"] is not None:
        raise Closed
    if to_me and not _is_free(found, caller):
        raise Taken
    async with as_system(session, caller):
        await (await raw(session)).execute(
            "UPDATE match_reviews SET assigned_client = $2, assigned_actor = $3 WHERE id = $1",
            review,
            caller.client if to_me else None,
            caller.actor if to_me else None,
        )
    operation = "match_reviews.claim" if to_me else "match_reviews.release"
    done = audit.Act.of(caller, operation, found.children, review=str(review))
    await audit.record(session, kit.audit, now, done)


async def decide(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    groups: Groups,
    review: UUID,
    read: str,
    word: MatchReviewDecisionIn,
    now: datetime,
    day: date,
) -> UUID:
    """Rule on the review that was ``read``; the ruling's id.  NotFound, PreconditionFailed, Closed, Answered or Taken."""
    found = await represent(session, kit, caller, groups, review, day, locked=True)
    if found.row["closed_at"] is not None:
        raise Closed
    if state_of(found.row, day) not in (ReviewState.OPEN, ReviewState.DEFERRED):
        raise Answered
    if not _is_free(found, caller):
        raise Taken
    preconditions.check(read, found.etag)
    state, then = _consequence(word.decision, found.second_needed)
    async with as_system(session, caller):
        draft = await _draft(session, found, word)
        made = await making.make(session, kit, caller, draft, state, now)
        await (await raw(session)).execute(
            "UPDATE match_reviews SET state = $2, deferred_until = $3, ruling = $4, returned = '',"
            " assigned_client = NULL, assigned_actor = NULL WHERE id = $1",
            review,
            str(then),
            word.until if then is ReviewState.DEFERRED else None,
            made,
        )
    done = audit.Act.of(
        caller,
        "match_reviews.decide",
        found.children,
        review=str(review),
        decision=str(word.decision),
        ruling=str(made),
    )
    await audit.record(session, kit.audit, now, done)
    return made


def _consequence(verdict: Verdict, second_needed: bool) -> tuple[RulingState, ReviewState]:
    """Where a verdict leaves its ruling and its review; pure."""
    if verdict is Verdict.UNSURE:
        return RulingState.NOTED, ReviewState.DEFERRED
    if verdict is Verdict.SAME and second_needed:
        return RulingState.PROPOSED, ReviewState.PROPOSED
    return RulingState.PENDING, ReviewState.DECIDED


async def _draft(
    session: AsyncSession, found: Representation, word: MatchReviewDecisionIn
) -> Draft:
    """The verdict over all that the two children hold today; Conflict where one holds nothing any more."""
    one, other = found.children
    held = await queries.entries_of(await raw(session), [one, other])
    if not held[one] or not held[other]:
        raise Closed
    if max(len(held[one]), len(held[other])) > MAX_BULK_ITEMS // 2:
        raise Conflict("There are too many records to rule on at once.")

    def binds(ruling: UUID) -> tuple[constraints.Constraint, ...]:
        if word.decision is Verdict.SAME:
            return (constraints.joined(ruling, held[one], held[other]),)
        if word.decision is Verdict.DIFFERENT:
            return constraints.apart(ruling, [held[one], held[other]])
        return ()

    return Draft(
        RulingKind(word.decision),
        one,
        other,
        frozenset((*held[one], *held[other])),
        word.reason,
        word.note,
        binds,
        review=found.row["id"],
    )


def _is_free(found: Representation, caller: Caller) -> bool:
    assigned = found.row["assigned_client"], found.row["assigned_actor"]
    return assigned in ((None, None), (caller.client, caller.actor))
