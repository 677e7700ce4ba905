"""Handing the hukou place's answers to our own registry, where each becomes a record like any other."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import structlog

from services.notifications.hub import Hub
from services.notifications.notices.authenticity import ANSWERS, settled_mac
from services.notifications.notices.issuing import Kind
from services.notifications.notices.states import Outcome, Settled, State
from services.notifications.peers import queries as peers
from services.notifications.peers.models import Peer
from shared.clock import SHANGHAI, Clock
from shared.database import SYSTEM, Database, raw
from shared.divisions import text_of
from shared.vocabulary import Purpose

log = structlog.get_logger()
BATCH = 32
#: The registry knows no such child (any more), or will never take the answer as it is.
REFUSALS = {404, 409, 422}
LEASE_SECONDS = 60
#: How often an answer waits for the entry that it is about to be linked to a child.
UNLINKED_TRIES = 12
HEADERS = {"Hutong-Purpose": Purpose.HUKOU_EXCHANGE, "Hutong-Actor": "system:notices"}

_CLAIM = (
    "UPDATE notices n SET tries = tries + 1,"
    " due_at = $1::timestamptz + make_interval(secs => $2)"
    " FROM (SELECT id FROM notices WHERE pushed = 'waiting' AND due_at <= $1"
    "  ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) AS due"
    " WHERE n.id = due.id"
    " RETURNING n.tries, n.state, n.version, n.entry, n.answer_mac,"
    f" {', '.join(f'n.{c}' for c in ANSWERS.columns)}"
)


#: Not where more was said meanwhile: that is pushed next.
_KEEP = (
    "UPDATE notices SET pushed = $3, state = $4, settled = $5, answer_mac = $6, untold = untold OR $7,"
    " version = version + CASE WHEN state = $4 AND settled IS NOT DISTINCT FROM $5 THEN 0 ELSE 1 END"
    " WHERE id = $1 AND version = $2 AND pushed = 'waiting'"
)


async def push_answers(
    database: Database, clock: Clock, hub: Hub, registry: httpx.AsyncClient
) -> int:
    """Push the next answers; how many.  Sending one again is harmless: its natural key is the notice.

    One that is not authentic is never pushed, and named again with each try.
    """
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        rows = await connection.fetch(_CLAIM, clock.now(), LEASE_SECONDS, BATCH)
        known = await peers.trusted(session, hub.audit) if rows else {}
    if not rows:
        return 0
    results = await asyncio.gather(*(_push(registry, hub, row, known) for row in rows))
    done = [_kept(hub, row, how) for row, how in zip(rows, results, strict=True) if how]
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await connection.executemany(_KEEP, done)
    await _again(
        database, clock, [row for row, kept in zip(rows, results, strict=True) if not kept]
    )
    return len(done)


def _kept(hub: Hub, row: Any, how: str) -> tuple[Any, ...]:
    """What becomes of a notice that was pushed: of an acceptance of a handover, the other hub has to hear."""
    state, settled, mac, untold = row["state"], row["settled"], row["answer_mac"], False
    taken = row["kind"] == Kind.HANDOVER and row["outcome"] == Outcome.CONFIRMED
    if taken and settled is None:
        if row["direction"] == "incoming" and how == "refused":
            # Whatever our county said: our registry has it that another one has the file.
            state = State.REFUSED
        elif row["direction"] == "outgoing":
            settled = Settled.KEPT if how == "done" else Settled.VOID
            state = State.ANSWERED if how == "done" else State.WITHDRAWN
            mac, untold = settled_mac(hub.audit, row, settled), True
    return row["id"], row["version"], how, str(state), settled, mac, untold


async def _push(
    registry: httpx.AsyncClient, hub: Hub, row: Any, known: Mapping[str, Peer]
) -> str | None:
    """``done``, ``refused`` for good, or None where it is to be tried again."""
    if not ANSWERS.authentic(hub.audit, row):
        return None
    of_handover = row["kind"] == Kind.HANDOVER
    try:
        path = "/v1/handover-answers" if of_handover else "/v1/hukou-answers"
        item = _of_handover(row, known) if of_handover else _item(row, known)
        reply = await registry.post(path, json=item, headers=HEADERS)
        if reply.status_code not in REFUSALS:
            reply.raise_for_status()
            taken = reply.json()
            if taken["kept"] if of_handover else taken["results"][0]["status"] != "refused":
                return "done"
        if reply.status_code == 404 and row["entry"] is not None and row["tries"] < UNLINKED_TRIES:
            return None
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        log.warning("answer.unpushed", notice=str(row["id"]), error=type(error).__name__)
        return None
    log.warning("answer.refused", notice=str(row["id"]))
    return "refused"


async def _again(database: Database, clock: Clock, rows: Sequence[Any]) -> None:
    """Hand the lease back: try again after a pause that grows from two seconds to an hour."""
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await connection.executemany(
            "UPDATE notices SET due_at = $2::timestamptz + make_interval(secs => $3)"
            " WHERE id = $1 AND pushed = 'waiting'",
            [(row["id"], clock.now(), min(2.0 ** min(row["tries"], 12), 3600)) for row in rows],
        )


def _item(row: Any, known: Mapping[str, Peer]) -> dict[str, Any]:
    answered_on = row["ended_at"].astimezone(SHANGHAI).date().isoformat()
    item = {
        "source_id": str(row["id"]),
        "version": 1,
        "observed_on": answered_on,
        "division": text_of(row["origin_county"]),
        "child_id": str(row["answered_for"]),
        "outcome": row["outcome"],
        "answered_on": answered_on,
        "answered_by": text_of(row["target_county"]),
        "notice_ref": str(row["id"]),
    }
    if row["peer"] is not None:
        item["peer"] = row["peer"]
    division = row["hukou_division"]
    if division is not None and _may_say(row, division, known):
        item["hukou_division"] = text_of(division)
    return item


def _of_handover(row: Any, known: Mapping[str, Peer]) -> dict[str, Any]:
    """What was said of a handover: to ours by the other place, or to theirs by our county."""
    said = _said(row)
    item = {
        "notice": str(row["id"]),
        "giving": text_of(row["origin_county"]),
        "taking": text_of(row["target_county"]),
        "act": said,
    }
    if row["handover"] is not None:
        item["handover"] = str(row["handover"])
    else:
        item["entry"] = str(row["entry"])
        if (peer := known.get(row["peer"])) is not None:
            item["giving_area"] = text_of(peer.low)
    if said == "accept":
        item["effective_on"] = row["effective_on"].isoformat()
    return item


def _said(row: Any) -> str:
    """By what the row's MAC binds: where the notice stands is anybody's to write, and tells apart only how nothing passed."""
    if row["settled"] == Settled.VOID:
        return "revoke"
    if row["outcome"] != Outcome.CONFIRMED:
        ended = row["outcome"] is None and row["state"] == State.WITHDRAWN
        return "revoke" if ended else "reject"
    # Another hub's is ours once that hub has kept it so; until then our registry has what it proposes.
    theirs = row["direction"] == "incoming" and row["settled"] is None
    return "propose" if theirs else "accept"


def _may_say(row: Any, division: int, known: Mapping[str, Peer]) -> bool:
    """A peer hub does not say for others that a child is registered with them."""
    if row["direction"] == "local":
        return True
    peer = known.get(row["peer"])
    return peer is not None and peer.low <= division <= peer.high
