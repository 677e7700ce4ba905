"""Reviewing: civil affairs of the child's place judge an opening afterwards, by another person than the opener."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.subjects import Subject
from services.registry.break_glass import queries
from services.registry.break_glass.opening import bound, note_of
from services.registry.break_glass.schemas import (
    BreakGlassOpeningOut,
    BreakGlassReviewIn,
    Judgement,
    SubjectOut,
)
from services.registry.children.kit import Kit
from shared import audit
from shared.auth import Caller
from shared.database import SYSTEM, enter, raw
from shared.problems import Conflict, NotFound
from shared.sealing import Sealer, binding, binding_of, seal


class Reviewed(Conflict):
    type = "already-reviewed"
    title = "This opening was reviewed before"
    title_zh = "该紧急查询已完成事后审查"


async def review(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    opening: UUID,
    word: BreakGlassReviewIn,
    now: datetime,
) -> BreakGlassOpeningOut:
    """Judge an opening, once.  NotFound, Reviewed, or SecondPersonNeeded when the opener judges itself."""
    row = await queries.for_review(session, caller, opening)
    if row is None:
        raise NotFound
    reviewer = Subject.of(caller).apart_from(Subject(row["client"], row["actor"]))
    if row["reviewed_at"] is not None:
        raise Reviewed
    judged = {
        **dict(row),
        "verdict": str(word.verdict),
        "review_client": reviewer.client,
        "review_actor": reviewer.actor,
        "reviewed_at": now,
    }
    if row["wrapped"] is not None:
        data_key = kit.sealer.unwrap(opening, row["master"], row["wrapped"])
        judged["review_note"] = seal(data_key, word.reason.encode(), _bound(judged))
    await enter(session, SYSTEM)
    connection = await raw(session)
    await connection.execute(
        "UPDATE break_glass SET verdict = $2, review_note = $3, review_client = $4, review_actor = $5,"
        " reviewed_at = $6 WHERE id = $1",
        opening,
        *(
            judged[c]
            for c in ("verdict", "review_note", "review_client", "review_actor", "reviewed_at")
        ),
    )
    done = audit.Act.of(
        caller,
        "break-glass.review",
        [row["child_id"]],
        opening=str(opening),
        verdict=str(word.verdict),
    )
    await audit.record(session, kit.audit, now, done)
    return shown(kit.sealer, judged)


def _bound(row: Any) -> bytes:
    """What the review is bound to: the opening and the reviewer."""
    return binding((bound(row),)) + binding_of(
        row,
        "verdict",
        "review_client",
        "review_actor",
        "reviewed_at",
    )


def _review_of(sealer: Sealer, row: Any) -> str:
    if row["wrapped"] is None or row["review_note"] is None:
        return ""
    return sealer.open(row, _bound(row), "review_note").decode()


def shown(sealer: Sealer, row: Any) -> BreakGlassOpeningOut:
    """An opening for its reviewers."""
    made = BreakGlassOpeningOut(
        id=row["id"],
        child=row["child_id"],
        opened_by=SubjectOut(client=row["client"], actor=row["actor"]),
        department=row["department"],
        reason=row["reason"],
        note=note_of(sealer, row),
        opened_at=row["opened_at"],
        expires_at=row["expires_at"],
    )
    if row["reviewed_at"] is not None:
        made.verdict = Judgement(row["verdict"])
        made.review = _review_of(sealer, row)
        made.reviewed_by = SubjectOut(client=row["review_client"], actor=row["review_actor"])
        made.reviewed_at = row["reviewed_at"]
    return made
