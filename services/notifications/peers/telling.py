"""Telling a peer hub what became of its notice, or that ours is withdrawn: through the same deliveries as notices."""

from datetime import datetime
from typing import Any

from services.notifications.deliveries import payloads
from services.notifications.feed import announcing
from services.notifications.feed.announcing import Outgoing
from services.notifications.hub import Hub
from shared.clock import Clock
from shared.database import SYSTEM, Database, raw
from shared.divisions import county_of, text_of

BATCH = 200


async def tell(database: Database, clock: Clock, hub: Hub) -> int:
    """Enqueue answers and receipts that are due; how many."""
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        rows = await connection.fetch(
            "UPDATE notices n SET untold = false FROM (SELECT id FROM notices WHERE untold"
            "  ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) AS due, peers p"
            " WHERE n.id = due.id AND p.name = n.peer"
            " RETURNING n.id, n.remote_id, n.state, n.outcome, n.hukou_division, n.peer, p.receiver",
            BATCH,
        )
        messages = [_message(hub, row, clock.now()) for row in sorted(rows, key=lambda r: r["id"])]
        await announcing.enqueue(session, hub, messages, clock.now())
        return len(messages)


def _message(hub: Hub, row: Any, now: datetime) -> Outgoing:
    data = {"notice": str(row["remote_id"] or row["id"])}
    if row["state"] == "answered":
        kind, path = payloads.PEER_ANSWER, "/v1/peer/answers"
        data["outcome"] = row["outcome"]
        if row["hukou_division"] is not None:
            data["hukou_county"] = text_of(county_of(row["hukou_division"]))
    else:
        kind, path = payloads.PEER_RECEIPT, "/v1/peer/receipts"
        data["state"] = row["state"]
    message_id = payloads.derived_id(hub.ids, f"told:{row['state']}", row["peer"], row["id"])
    body = payloads.envelope(hub.name, kind, message_id, now, None, data, row["peer"])
    return Outgoing(
        receiver=row["receiver"],
        client=None,
        lane_subject=row["id"],
        message_id=message_id,
        at=now,
        path=path,
        body=payloads.encoded(body),
    )
