"""Seconding: another person than the one who proposed it lets a ruling go, or refuses it."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry import answers
from services.registry.access.sight import as_system
from services.registry.access.subjects import Subject
from services.registry.children.kit import Kit
from services.registry.rulings import holding, making, showing
from services.registry.rulings.schemas import SecondIn
from services.registry.rulings.terms import RulingProblem, RulingState, Second
from shared import audit, preconditions
from shared.auth import Caller
from shared.database import raw
from shared.problems import Conflict, NotFound


class NotProposed(Conflict):
    type = "ruling-not-proposed"
    title = "This ruling waits for no second person"
    title_zh = "该判定无须或不再等待第二人复核"


async def second(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    ruling: UUID,
    read: str,
    word: SecondIn,
    now: datetime,
) -> None:
    """Answer a proposal that was ``read`` (its ETag).  NotFound, NotProposed, SecondPersonNeeded, PreconditionFailed."""
    row = await holding.held(session, caller, ruling)
    if row is None:
        raise NotFound
    (seen,) = await showing.shown(session, kit, caller, [row])
    if row["state"] != RulingState.PROPOSED or "by" not in seen:
        raise NotProposed
    first = Subject(seen["by"]["client"], seen["by"]["actor"])
    Subject.of(caller).apart_from(first)
    preconditions.check(read, answers.etag(kit, answers.dump(seen)))
    async with as_system(session, caller):
        await making.second(session, kit, caller, row, word.answer, word.reason, word.note, now)
        connection = await raw(session)
        if row["review"] is not None:
            agreed = word.answer is Second.AGREE
            await connection.execute(
                "UPDATE match_reviews SET state = $2, returned = $3, assigned_client = NULL, assigned_actor = NULL"
                " WHERE id = $1 AND ruling = $4 AND state = 'proposed'",
                row["review"],
                "decided" if agreed else "open",
                "" if agreed else str(RulingProblem.REFUSED),
                ruling,
            )
    children = sorted({row["one"], row["other"]})
    done = audit.Act.of(caller, f"rulings.{word.answer}", children, ruling=str(ruling))
    await audit.record(session, kit.audit, now, done)
