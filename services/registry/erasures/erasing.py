"""Erasing: one person asks for it, another approves, and with the approval it is done.

Cast: a *request* names child and legal ground; the *approval* of a second subject destroys the child in one
transaction; the *tombstone* that stays lets a restore do it again.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.subjects import Subject, where_it_lives
from services.registry.changes import noting
from services.registry.changes.noting import Standing, Turn
from services.registry.children import queries as children
from services.registry.children.events import county
from services.registry.children.kit import Kit
from services.registry.erasures import queries
from services.registry.erasures.authenticity import ERASURES
from services.registry.erasures.destroying import destroy, lock
from services.registry.erasures.schemas import ErasureIn, ErasureState
from services.registry.identity import clients
from shared import audit, divisions, outbox
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import SYSTEM, enter, raw
from shared.ids import uuid7
from shared.problems import Conflict, NotFound

log = structlog.get_logger()


class AlreadyRequested(Conflict):
    type = "erasure-already-requested"
    title = "An erasure of this child waits for its second person"
    title_zh = "该儿童的删除申请正待第二人批准"


class NotAuthentic(Conflict):
    type = "erasure-not-authentic"
    title = "This request was not written by the hub"
    title_zh = "该删除申请并非由本系统写入"


class NotPending(Conflict):
    type = "erasure-not-pending"
    title = "This request was carried out or withdrawn before"
    title_zh = "该删除申请已执行或已撤回"


async def request_one(
    session: AsyncSession, kit: Kit, caller: Caller, wanted: ErasureIn, now: datetime
) -> UUID:
    """Ask for a visible child to be erased; the request's id."""
    subject = Subject.of(caller)
    child = await _visible(session, caller, wanted.child_id)
    erasure = uuid7()
    await enter(session, SYSTEM)
    connection = await raw(session)
    row = {
        "id": erasure,
        "child_id": wanted.child_id,
        "residence_code": _county(child["residence_code"]),
        "hukou_code": _county(child["hukou_code"]),
        "ground": str(wanted.ground),
        "hold": wanted.hold,
        "state": str(ErasureState.REQUESTED),
        "request_client": subject.client,
        "request_actor": subject.actor,
        "requested_at": now,
        "approval_client": None,
        "approval_actor": None,
        "erased_at": None,
    }
    made = await connection.execute(
        f"INSERT INTO erasures ({', '.join(ERASURES.columns)}, mac)"
        f" VALUES ({', '.join(f'${i + 1}' for i in range(len(ERASURES.columns) + 1))})"
        " ON CONFLICT (child_id) WHERE state = 'requested' DO NOTHING",
        *(row[name] for name in ERASURES.columns),
        ERASURES.mac(kit.audit, row),
    )
    if made != "INSERT 0 1":
        raise AlreadyRequested
    asked = audit.Act.of(
        caller,
        "erasures.request",
        [wanted.child_id],
        erasure=str(erasure),
        ground=str(wanted.ground),
    )
    await audit.record(session, kit.audit, now, asked)
    await enter(session, caller.reach)
    return erasure


async def approve(
    session: AsyncSession, kit: Kit, caller: Caller, erasure: UUID, now: datetime
) -> None:
    """Approve as the second subject, and erase.  NotFound, NotPending, NotAuthentic, SecondPersonNeeded,
    or Forbidden where neither of the two is of the county in which the child lives."""
    row = await _pending(session, kit, caller, erasure)
    subject = Subject.of(caller).of_another_client(
        Subject(row["request_client"], row["request_actor"])
    )
    seen = await _visible(session, caller, row["child_id"])
    await enter(session, SYSTEM)
    asker = await clients.live(session, kit.audit, row["request_client"])
    asking = (
        [clients.grant_on(asker, kit.profiles, now.astimezone(SHANGHAI).date())] if asker else []
    )
    where_it_lives(seen["residence_code"], kit.territory, caller.grant, *asking)
    connection = await raw(session)
    child_id: UUID = row["child_id"]
    entries = await lock(connection, child_id)
    child = await connection.fetchrow(
        "SELECT id, child_seq, residence_code, residence_stated_by, hukou_code, hukou_stated_by, shielded"
        " FROM children WHERE id = $1",
        child_id,
    )
    if child is None:
        raise NotFound
    # The tombstone first: some of what goes may go for the sake of an erasure alone.
    await _entomb(connection, kit, row, entries, subject, now)
    await destroy(connection, kit.sealer, child_id, entries)
    await outbox.append(session, kit.audit, now, [_erased(child_id, child)])
    await noting.note(connection, kit.audit, [Turn(Standing.of(child), None)], now)
    done = audit.Act.of(
        caller, "erasures.approve", [child_id], erasure=str(erasure), entries=len(entries)
    )
    await audit.record(session, kit.audit, now, done)
    await enter(session, caller.reach)


async def withdraw(
    session: AsyncSession, kit: Kit, caller: Caller, erasure: UUID, now: datetime
) -> None:
    """Take back a request that nobody has approved.  NotFound, NotPending or NotAuthentic."""
    row = await _pending(session, kit, caller, erasure)
    await enter(session, SYSTEM)
    connection = await raw(session)
    withdrawn = {**row, "state": str(ErasureState.WITHDRAWN)}
    await connection.execute(
        "UPDATE erasures SET state = $2, mac = $3 WHERE id = $1",
        erasure,
        withdrawn["state"],
        ERASURES.mac(kit.audit, withdrawn),
    )
    done = audit.Act.of(caller, "erasures.withdraw", [row["child_id"]], erasure=str(erasure))
    await audit.record(session, kit.audit, now, done)
    await enter(session, caller.reach)


async def _pending(session: AsyncSession, kit: Kit, caller: Caller, erasure: UUID) -> Any:
    row = await queries.one(session, caller, erasure, locked=True)
    if row is None:
        raise NotFound
    if row["state"] != ErasureState.REQUESTED:
        raise NotPending
    if not ERASURES.authentic(kit.audit, row):
        raise NotAuthentic
    return row


async def _visible(session: AsyncSession, caller: Caller, child: UUID) -> Any:
    rows = await children.visible(session, caller, [child])
    if not rows:
        raise NotFound
    return rows[0]


async def _entomb(
    connection: "asyncpg.Connection[Any]",
    kit: Kit,
    row: Any,
    entries: list[UUID],
    subject: Subject,
    now: datetime,
) -> None:
    entombed = {
        **row,
        "state": str(ErasureState.ERASED),
        "approval_client": subject.client,
        "approval_actor": subject.actor,
        "erased_at": now,
    }
    await connection.execute(
        "UPDATE erasures SET state = $2, approval_client = $3, approval_actor = $4, erased_at = $5, mac = $6"
        " WHERE id = $1",
        row["id"],
        entombed["state"],
        subject.client,
        subject.actor,
        now,
        ERASURES.mac(kit.audit, {**entombed, "entries": entries}),
    )
    await connection.execute(
        "INSERT INTO erased_entries (entry_id, erasure_id, hold) SELECT unnest($1::uuid[]), $2, $3",
        entries,
        row["id"],
        row["hold"],
    )


def _erased(child: UUID, row: Any) -> outbox.Event:
    body = {
        "residence": county(row["residence_code"]),
        "hukou": county(row["hukou_code"]),
        "shielded": row["shielded"],
    }
    return outbox.Event("child.erased", child, row["child_seq"] + 1, body)


def _county(code: int | None) -> int | None:
    return None if code is None else divisions.county_of(code)
