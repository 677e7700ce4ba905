"""Opening: in an emergency one child is found anywhere in the hub, and little is told of it.

Cast: the *opener* names a child and a reason and learns, for at most an hour, whether the child stands in key care and
whom to call; both of the child's places hear of it at once; a *reviewer* judges it afterwards.  Nobody found and
several found answer alike, so that an opening is no search.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.subjects import Subject
from services.registry.break_glass import contacts, queries
from services.registry.break_glass.schemas import (
    BreakGlassIn,
    BreakGlassOut,
    ContactOut,
    ContactState,
    Emergency,
    Side,
)
from services.registry.children.events import county
from services.registry.children.kit import Kit
from shared import audit, divisions, outbox, resident_id
from shared.auth import Caller
from shared.database import SYSTEM, enter, raw
from shared.hashes import lookup_hashes
from shared.ids import uuid7
from shared.limits import BREAK_GLASS_SECONDS
from shared.problems import Flaw, Forbidden, Invalid
from shared.sealing import Sealer, Unsealable, binding, seal, unseal

log = structlog.get_logger()


class Expired(Forbidden):
    type = "break-glass-expired"
    title = "This opening has expired"
    title_zh = "紧急查询授权已过期"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom the opener is looking for, as look-up hashes, and why."""

    hashes: Sequence[bytes]
    reason: Emergency
    note: str

    @classmethod
    def of(cls, kit: Kit, body: BreakGlassIn) -> "Wanted":
        if body.reason == Emergency.OTHER and not body.note.strip():
            raise Invalid(flaws=[Flaw("/body/note", "note_missing", "Say what the reason is.")])
        if body.id_number:
            number = resident_id.read(body.id_number).number or body.id_number
            return cls(lookup_hashes(kit.index, "id_number", number), body.reason, body.note)
        if body.name and body.birth_date:
            hashes = lookup_hashes(kit.index, "name_birth", body.name, body.birth_date)
            return cls(hashes, body.reason, body.note)
        raise Invalid(flaws=[Flaw("/body", "criteria", "Give id_number, or name and birth_date.")])


async def open_one(
    session: AsyncSession, kit: Kit, caller: Caller, wanted: Wanted, now: datetime
) -> dict[str, UUID]:
    """Open the one child that fits; the opening's id, or nothing when none or several fit.  Audited either way."""
    Subject.of(caller)
    await enter(session, SYSTEM)
    found = await queries.children_by(session, wanted.hashes)
    child = await queries.child_for_opening(session, found[0]) if len(found) == 1 else None
    if child is None:
        miss = audit.Act.of(caller, "break-glass.open", [], found=False, reason=str(wanted.reason))
        await audit.record(session, kit.audit, now, miss)
        return {}
    opening = uuid7()
    await _write(session, kit, caller, opening, child, wanted, now)
    body = {
        "residence": county(child["residence_code"]),
        "hukou": county(child["hukou_code"]),
        "shielded": child["shielded"],
        "opening": str(opening),
    }
    alert = outbox.Event("break_glass.opened", child["id"], child["child_seq"], body)
    await outbox.append(session, kit.audit, now, [alert])
    done = audit.Act.of(
        caller,
        "break-glass.open",
        [child["id"]],
        found=True,
        reason=str(wanted.reason),
        opening=str(opening),
    )
    await audit.record(session, kit.audit, now, done)
    return {"opening": opening}


async def _write(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    opening: UUID,
    child: Any,
    wanted: Wanted,
    now: datetime,
) -> None:
    row: dict[str, Any] = {
        "id": opening,
        "child_id": child["id"],
        "residence_code": child["residence_code"],
        # Even who asked, and where, could tell a shielded child's hukou place where it lives.
        "hukou_code": None if child["shielded"] else child["hukou_code"],
        "client": caller.client,
        "department": str(caller.department),
        "actor": caller.actor,
        "reason": str(wanted.reason),
        "opened_at": now,
        "expires_at": now + timedelta(seconds=BREAK_GLASS_SECONDS),
    }
    data_key, wrapped = kit.sealer.new_key(opening)
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO vault.data_keys (id, master, wrapped) VALUES ($1, $2, $3)",
        wrapped.id,
        wrapped.master,
        wrapped.wrapped,
    )
    await connection.execute(
        "INSERT INTO break_glass (id, child_id, residence_code, hukou_code, client, department, actor,"
        " reason, opened_at, expires_at, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        *row.values(),
        seal(data_key, wanted.note.encode(), bound(row)),
    )


def bound(row: Any) -> bytes:
    """The plain columns of an opening, bound to its sealed note."""
    return binding(
        (
            row["id"].bytes,
            row["child_id"].bytes,
            row["residence_code"],
            row["hukou_code"],
            row["client"],
            row["department"],
            row["actor"],
            row["reason"],
            int(row["opened_at"].timestamp() * 1_000_000),
            int(row["expires_at"].timestamp() * 1_000_000),
        )
    )


def note_of(sealer: Sealer, row: Any) -> str:
    """The opener's note; empty once the child was erased.  Unsealable when anything of the row was changed."""
    if row["wrapped"] is None:
        return ""
    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    return unseal(data_key, row["note"], bound(row)).decode()


def _authentic(sealer: Sealer, row: Any) -> bool:
    """Whether the service wrote this opening: its note opens and binds the rest, its hour too."""
    try:
        if row["wrapped"] is not None:
            note_of(sealer, row)
            return True
    except Unsealable:
        pass
    log.error("break_glass.forged", id=str(row["id"]))
    return False


async def tell(
    session: AsyncSession, kit: Kit, caller: Caller, opening: UUID, now: datetime
) -> BreakGlassOut | None:
    """What the opener may know now; None when the opening is not the caller's, Expired after its hour."""
    await enter(session, caller.reach)
    row = await queries.opened_by(session, caller, opening)
    if row is None or not _authentic(kit.sealer, row):
        return None
    if now >= row["expires_at"]:
        raise Expired
    await enter(session, SYSTEM)
    child = await queries.child_for_opening(session, row["child_id"])
    if child is None:
        return None
    read = audit.Act.of(caller, "break-glass.read", [child["id"]], opening=str(opening))
    await audit.record(session, kit.audit, now, read)
    return BreakGlassOut(
        found=True,
        id=opening,
        expires_at=row["expires_at"],
        key_care=child["key_care"],
        contacts=[] if child["shielded"] else await _contacts(session, child),
    )


async def _contacts(session: AsyncSession, child: Any) -> list[ContactOut]:
    codes = {Side.RESIDENCE: child["residence_code"], Side.HUKOU: child["hukou_code"]}
    counties = {s: divisions.county_of(code) for s, code in codes.items() if code is not None}
    known = await contacts.of(await raw(session), list(counties.values()))
    told = []
    for side in codes:
        if side not in counties:
            told.append(ContactOut(side=side, state=ContactState.PLACE_UNKNOWN))
        elif (contact := known.get(counties[side])) is None:
            told.append(ContactOut(side=side, state=ContactState.NOT_CONFIGURED))
        else:
            office, phone = contact
            told.append(
                ContactOut(side=side, state=ContactState.CONFIGURED, office=office, phone=phone)
            )
    return told
