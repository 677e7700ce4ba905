"""Acting: what a person does about an alert becomes a record of its own, and the child is folded again at once.

Who answers for an alert acts on it: its owner, or civil affairs (民政), of the place where it is to be handled.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.access.subjects import Subject
from services.registry.alerts import queries
from services.registry.alerts.authenticity import bound
from services.registry.alerts.gathering import acted
from services.registry.alerts.raising import state_of
from services.registry.alerts.schemas import AlertActIn
from services.registry.alerts.terms import ALLOWED, AlertActKind, AlertState
from services.registry.children import queueing
from services.registry.children.kit import Kit
from services.registry.children.registration import refold
from services.registry.key_care import queries as key_care
from services.registry.vault import new_key
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Conflict, Forbidden, NotFound, Unavailable
from shared.sealing import seal
from shared.vocabulary import Department

#: So often may an alert be opened again on one day.
MOST_REOPENED = 10


async def hold(session: AsyncSession, caller: Caller, alert: UUID) -> Any:
    """The alert, its child held until the transaction ends; NotFound, or Forbidden to whom it is not to handle."""
    seen = await queries.one(session, caller, alert)
    if seen is None:
        raise NotFound
    if seen["child_id"] is not None:
        await queueing.hold(await raw(session), seen["child_id"])
    row = await queries.one(session, caller, alert, held=seen["child_id"] is None)
    if row is None or row["child_id"] != seen["child_id"]:
        raise NotFound
    mine = caller.department in (Department.CIVIL_AFFAIRS, row["department"])
    if not mine or row["place"] is None or not caller.covers(row["place"]):
        raise Forbidden("The owner of the alert at the child's place does this.")
    return row


async def act(
    session: AsyncSession, kit: Kit, caller: Caller, row: Any, body: AlertActIn, now: datetime
) -> None:
    """Append the act to an alert that is held.  Conflict where the alert is too far for it, or was opened again too often."""
    Subject.of(caller)
    if body.act not in ALLOWED[AlertState(row["state"])]:
        raise Conflict(f"An alert that is {row['state']} takes no such act.")
    async with as_system(session, caller):
        connection = await raw(session)
        child = row["child_id"]
        anchor = row["entry"]
        if anchor is None:
            anchor = await key_care.surest_entry(session, child)
        if anchor is None:
            raise NotFound
        if body.act == AlertActKind.REOPEN:
            _refuse_to_and_fro(await queries.acts_of(session, row), now)
        await _append(session, kit, caller, row, anchor, body, now)
        if child is None:
            acts = [acted(one) for one in await queries.acts_of(session, row)]
            state, closed_on = state_of(acts, None)
            await connection.execute(
                "UPDATE alerts SET state = $2, closed_on = $3 WHERE id = $1",
                row["alert_id"],
                state,
                closed_on,
            )
            return
        if await refold(session, kit, [child], now.astimezone(SHANGHAI).date(), now):
            raise Unavailable(headers={"Retry-After": "60"})
        await connection.execute("DELETE FROM fold_queue WHERE child_id = $1", child)


def _refuse_to_and_fro(acts: Sequence[Any], now: datetime) -> None:
    """Every other act must change the state, so that whoever opens again no more makes no noise either; and nobody is kept
    from closing, nor on another day from opening, by what others did."""
    today = now.astimezone(SHANGHAI).date()
    again = [one for one in acts if one["act"] == AlertActKind.REOPEN]
    if sum(one["acted_at"].astimezone(SHANGHAI).date() == today for one in again) >= MOST_REOPENED:
        raise Conflict("This alert was opened again too often today.")


async def _append(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    alert: Any,
    anchor: UUID,
    body: AlertActIn,
    now: datetime,
) -> None:
    row: dict[str, Any] = {
        "id": uuid7(),
        "alert_id": alert["alert_id"],
        "child_id": alert["child_id"],
        "anchor": anchor,
        "kind": alert["kind"],
        "cause": alert["cause"],
        "raised_on": alert["raised_on"],
        "act": str(body.act),
        "outcome": str(body.outcome or ""),
        "client": caller.client,
        "department": str(caller.department),
        "actor": caller.actor,
        "acted_at": now,
    }
    data_key = await new_key(session, kit.sealer, row["id"])
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO alert_acts (id, alert_id, child_id, anchor, kind, cause, raised_on, act, outcome,"
        " client, department, actor, acted_at, sealed)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        *row.values(),
        seal(data_key, body.note.encode(), bound(row)),
    )
