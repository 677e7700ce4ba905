"""Telling a peer hub what became of its notice, or that ours is withdrawn: through the same deliveries as notices."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.notifications.deliveries import payloads
from services.notifications.feed import announcing
from services.notifications.feed.announcing import Outgoing
from services.notifications.hub import Hub
from services.notifications.notices.authenticity import ANSWERS
from services.notifications.notices.issuing import Kind
from services.notifications.notices.models import UNSETTLED
from services.notifications.notices.states import ENDED, Outcome, Settled, State
from services.notifications.peers import queries as peers
from shared.clock import Clock
from shared.database import SYSTEM, Database, raw
from shared.divisions import county_of, text_of

BATCH = 200
#: An acceptance of ours of which the giving hub has said nothing is told to it again after this long, and so on.
ASKED_EVERY = timedelta(days=1)
_ASKED_AGAIN = (
    f"{UNSETTLED} AND effective_on IS NOT NULL AND pushed <> 'waiting' AND ended_at <= $3"
    " AND (asked_at IS NULL OR asked_at <= $3)"
)
_CLAIM = (
    "UPDATE notices n SET untold = false, asked_at = CASE WHEN due.asks THEN $4 ELSE asked_at END"
    f" FROM (SELECT id, NOT untold AS asks FROM notices WHERE (untold OR ({_ASKED_AGAIN}))"
    "  AND peer = ANY($2)"
    "  AND NOT (kind = 'handover' AND direction = 'incoming' AND pushed = 'waiting')"
    "  ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) AS due"
    " WHERE n.id = due.id"
    f" RETURNING due.asks, n.state, n.answer_mac, {', '.join(f'n.{c}' for c in ANSWERS.columns)}"
)


async def tell(database: Database, clock: Clock, hub: Hub) -> int:
    """Enqueue answers and receipts that are due; how many.  An answer that is not authentic is not told.

    That our county takes a child's file is told once our own registry has the proposal: one that it cannot keep is refused.  It
    is told again, day by day, until the giving hub has said what became of it.
    """
    async with database.transaction(SYSTEM) as session:
        known = await peers.trusted(session, hub.audit)
        connection = await raw(session)
        now = clock.now()
        rows = await connection.fetch(_CLAIM, BATCH, sorted(known), now - ASKED_EVERY, now)
        made = [
            _message(hub, row, known[row["peer"]].receiver, now)
            for row in sorted(rows, key=lambda r: r["id"])
            if not _binds(row) or ANSWERS.authentic(hub.audit, row)
        ]
        messages = [one for one in made if one is not None]
        await announcing.enqueue(session, hub, messages, now)
        return len(rows)


def _binds(row: Any) -> bool:
    """Whether what is told ends the notice, or rests on an answer: that it was read or accepted ends nothing."""
    return row["state"] in ENDED or (row["kind"] == Kind.HANDOVER and row["outcome"] is not None)


def _said(row: Any) -> str | None:
    """What is told of a notice; of an acceptance of what is ours nothing before it is settled, and then by what its MAC binds."""
    accepted = row["kind"] == Kind.HANDOVER and row["outcome"] == Outcome.CONFIRMED
    if row["direction"] == "incoming":
        return str(row["state"])
    if not accepted:
        return str(row["state"]) if row["state"] == State.WITHDRAWN else None
    if row["settled"] is None:
        return None
    return str(Settled.KEPT if row["settled"] == Settled.KEPT else State.WITHDRAWN)


def _message(hub: Hub, row: Any, receiver: UUID, now: datetime) -> Outgoing | None:
    data = {"notice": str(row["remote_id"] or row["id"])}
    if (said := _said(row)) is None:
        return None
    if said == State.ANSWERED:
        kind, path = payloads.PEER_ANSWER, "/v1/peer/answers"
        data["outcome"] = row["outcome"]
        if row["hukou_division"] is not None:
            data["hukou_county"] = text_of(county_of(row["hukou_division"]))
        if row["effective_on"] is not None:
            data["effective_on"] = row["effective_on"].isoformat()
    else:
        kind, path = payloads.PEER_RECEIPT, "/v1/peer/receipts"
        data["state"] = said
    # Asking again is another message: the first may have been taken, and its answer lost.
    again = f":{now:%Y-%m-%d}" if row["asks"] else ""
    message_id = payloads.derived_id(hub.ids, f"told:{said}{again}", row["peer"], row["id"])
    body = payloads.envelope(hub.name, kind, message_id, now, None, data, row["peer"])
    return Outgoing(
        receiver=receiver,
        client=None,
        lane_subject=row["id"],
        message_id=message_id,
        at=now,
        path=path,
        body=payloads.encoded(body),
    )
