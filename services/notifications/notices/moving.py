"""Moving a notice from state to state, with the marks that each state leaves.

Every move counts the version up (the ETag) and, where a peer hub has to hear of it, marks the notice as untold.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.notices.models import Notice
from services.notifications.notices.states import ENDED, TABLE, Move, NotPossible, State, after
from shared.database import raw
from shared.problems import Conflict


class StateConflict(Conflict):
    type = "notice-state"
    title = "The notice is in no state for this"
    title_zh = "通知单当前状态不允许此操作"


#: Moves on an incoming notice that the issuing hub is told of.
TOLD_TO_ISSUER = {Move.READ, Move.ACCEPT, Move.ANSWER, Move.REFUSE}


def move(notice: Notice, what: Move, now: datetime) -> bool:
    """Move in place; whether anything changed.  NotPossible from the wrong state."""
    before = State(notice.state)
    reached = after(before, what)
    if reached is before:
        return False
    notice.state = reached
    notice.version += 1
    if what in {Move.RELEASE, Move.HOLD}:
        notice.issued_at = now if what is Move.RELEASE else None
        notice.released = what is Move.RELEASE
    if what is not Move.WITHDRAW and reached in {
        State.DELIVERED,
        State.READ,
        State.ACCEPTED,
        *ENDED,
    }:
        notice.delivered_at = notice.delivered_at or now
    if reached in {State.READ, State.ACCEPTED, State.ANSWERED, State.REFUSED}:
        notice.read_at = notice.read_at or now
    if reached is State.ACCEPTED:
        notice.accepted_at = now
    if reached in ENDED:
        notice.ended_at = now
    if notice.direction == "incoming" and what in TOLD_TO_ISSUER:
        notice.untold = True
    if notice.direction == "outgoing" and what is Move.WITHDRAW and notice.issued_at is not None:
        notice.untold = True
    return True


def must_move(notice: Notice, what: Move, now: datetime) -> None:
    """Move in place; StateConflict, which answers 409, from the wrong state."""
    try:
        move(notice, what, now)
    except NotPossible as error:
        possible = ", ".join(state for state in State if (state, what) in TABLE)
        raise StateConflict(f"Possible while it is {possible}.") from error


async def delivered(session: AsyncSession, notices: Sequence[UUID], now: datetime) -> None:
    """Mark issued notices as delivered; later states stay.  Rows are locked in the order of their ids."""
    if notices:
        connection = await raw(session)
        await connection.execute(
            "UPDATE notices n SET state = 'delivered', version = n.version + 1, delivered_at = $2"
            " FROM (SELECT id FROM notices WHERE id = ANY($1) AND state = 'issued'"
            "  ORDER BY id FOR UPDATE) AS due WHERE n.id = due.id",
            list(notices),
            now,
        )


async def delivered_to(
    session: AsyncSession, client: str, notices: Sequence[UUID], now: datetime
) -> list[UUID]:
    """Mark issued notices as delivered to this client, which is being given them; which ones were."""
    if not notices:
        return []
    connection = await raw(session)
    rows = await connection.fetch(
        "UPDATE notices n SET state = 'delivered', version = n.version + 1, delivered_at = $3"
        " FROM (SELECT id FROM notices WHERE id = ANY($1) AND receiver_client = $2 AND state = 'issued'"
        "  ORDER BY id FOR UPDATE) AS due WHERE n.id = due.id RETURNING n.id",
        list(notices),
        client,
        now,
    )
    return [row["id"] for row in rows]


async def read_by(session: AsyncSession, read: Sequence[tuple[UUID, str]], now: datetime) -> None:
    """Mark the notices on these children that these clients had received as read."""
    if read:
        connection = await raw(session)
        await connection.execute(
            "UPDATE notices n SET state = 'read', version = n.version + 1, read_at = $3,"
            " delivered_at = coalesce(n.delivered_at, $3)"
            " FROM (SELECT id FROM notices JOIN unnest($1::uuid[], $2::text[]) AS r(subject, reader)"
            "  ON child = r.subject AND receiver_client = r.reader"
            "  WHERE state IN ('issued', 'delivered') ORDER BY id FOR UPDATE OF notices) AS due"
            " WHERE n.id = due.id",
            [child for child, _ in read],
            [client for _, client in read],
            now,
        )
