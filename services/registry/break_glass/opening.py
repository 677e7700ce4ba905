"""Opening: in an emergency one child is found anywhere in the hub, and little is told of it.

Cast: the *opener* names a child and a reason and learns, for at most an hour, whether the child stands in key care and
whom to call; both of the child's places hear of it at once; a *reviewer* judges it afterwards.  Nobody found and
several found answer alike, so that an opening is no search.  One clerk's push strands nobody: among several, a child that
two departments or civil affairs know is the one; where none or more than one is, the places of all of them are alarmed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from services.registry.vault import new_key
from shared import audit, divisions, outbox, resident_id
from shared.auth import Caller
from shared.database import SYSTEM, enter, raw
from shared.hashes import lookup_hashes
from shared.ids import uuid7
from shared.limits import BREAK_GLASS_SECONDS
from shared.problems import Flaw, Forbidden, Invalid
from shared.sealing import Sealer, Unsealable, binding_of, seal

log = structlog.get_logger()


class Expired(Forbidden):
    type = "break-glass-expired"
    title = "This opening has expired"
    title_zh = "紧急查询授权已过期"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom the opener is looking for, as look-up hashes, and why."""

    criteria: Sequence[Sequence[bytes]]
    """The child bears one hash of each."""
    reason: Emergency
    note: str

    @classmethod
    def of(cls, kit: Kit, body: BreakGlassIn) -> "Wanted":
        if body.reason == Emergency.OTHER and not body.note.strip():
            raise Invalid(flaws=[Flaw("/body/note", "note_missing", "Say what the reason is.")])
        criteria = []
        if body.id_number:
            number = resident_id.read(body.id_number).number or body.id_number
            criteria.append(lookup_hashes(kit.index, "id_number", number))
        if body.name and body.birth_date:
            criteria.append(lookup_hashes(kit.index, "name_birth", body.name, body.birth_date))
        if not criteria:
            flaw = Flaw("/body", "criteria", "Give id_number, or name and birth_date.")
            raise Invalid(flaws=[flaw])
        return cls(criteria, body.reason, body.note)


def the_one(found: Sequence[Any]) -> Any | None:
    """The only child that fits, or among several, known ones first, the only one that is known.  Pure."""
    if len(found) == 1 or (len(found) > 1 and found[0]["known"] and not found[1]["known"]):
        return found[0]
    return None


def alarmed(found: Sequence[Any]) -> Sequence[Any]:
    """Whose places hear that one of several is sought: a shielded child's alone, whom the others' would learn of.  Pure."""
    return [child for child in found if child["shielded"]] or found


async def open_one(
    session: AsyncSession, kit: Kit, caller: Caller, wanted: Wanted, now: datetime
) -> dict[str, UUID]:
    """Open the one child that fits; the opening's id, or nothing when none or several fit.  Audited either way."""
    Subject.of(caller)
    await enter(session, SYSTEM)
    found = await queries.fitting(session, wanted.criteria)
    child = the_one(found)
    if child is None:
        await _miss(session, kit, caller, alarmed(found), wanted, now)
        return {}
    opening = uuid7()
    until = now + timedelta(seconds=BREAK_GLASS_SECONDS)
    await _write(session, kit, caller, opening, child, wanted, now, until)
    await _alarm(session, kit, now, {opening: child})
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


async def _miss(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    several: Sequence[Any],
    wanted: Wanted,
    now: datetime,
) -> None:
    """Nothing is told.  Where several fit, each gets an opening that has ended, without the note, for its places to review."""
    unnoted = replace(wanted, note="")
    openings = {uuid7(): child for child in several}
    for opening, child in openings.items():
        await _write(session, kit, caller, opening, child, unnoted, now, now)
    await _alarm(session, kit, now, openings)
    children = sorted(child["id"] for child in several)
    miss = audit.Act.of(
        caller, "break-glass.open", children, found=False, reason=str(wanted.reason)
    )
    await audit.record(session, kit.audit, now, miss)


async def _alarm(
    session: AsyncSession, kit: Kit, now: datetime, openings: Mapping[UUID, Any]
) -> None:
    """Both places of each child hear of its opening."""
    events = [
        outbox.Event(
            "break_glass.opened",
            child["id"],
            child["child_seq"],
            {
                "residence": county(child["residence_code"]),
                "hukou": county(child["hukou_code"]),
                "shielded": child["shielded"],
                "opening": str(opening),
            },
        )
        for opening, child in openings.items()
    ]
    if events:
        await outbox.append(session, kit.audit, now, events)


async def _write(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    opening: UUID,
    child: Any,
    wanted: Wanted,
    now: datetime,
    until: datetime,
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
        "expires_at": until,
    }
    data_key = await new_key(session, kit.sealer, opening)
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO break_glass (id, child_id, residence_code, hukou_code, client, department, actor,"
        " reason, opened_at, expires_at, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        *row.values(),
        seal(data_key, wanted.note.encode(), bound(row)),
    )


def bound(row: Any) -> bytes:
    """The plain columns of an opening, bound to its sealed note."""
    return binding_of(
        row,
        "id",
        "child_id",
        "residence_code",
        "hukou_code",
        "client",
        "department",
        "actor",
        "reason",
        "opened_at",
        "expires_at",
    )


def note_of(sealer: Sealer, row: Any) -> str:
    """The opener's note; empty once the child was erased.  Unsealable when anything of the row was changed."""
    if row["wrapped"] is None:
        return ""
    return sealer.open(row, bound(row), "note").decode()


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
