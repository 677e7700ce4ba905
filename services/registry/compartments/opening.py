"""Opening: a keeper puts a child into a compartment, with a reason, where the child lives.

Nothing of the child is touched, neither its row nor its version, its events or its place in any queue: whoever reads the
child finds it as it was.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.matrix import open_groups
from services.registry.access.sight import as_system
from services.registry.access.subjects import Subject
from services.registry.children import queries as children
from services.registry.children.kit import Kit
from services.registry.compartments import reading
from services.registry.compartments.authenticity import seal_parts
from services.registry.compartments.entering import check_entitled, inside, sharing_at
from services.registry.compartments.schemas import CompartmentEntryIn
from services.registry.compartments.sharing import Level, Right, Sharing
from services.registry.compartments.standing import begun
from services.registry.compartments.terms import FORMS, Compartment, CompartmentEntryState
from services.registry.key_care import queries as key_care
from services.registry.key_care.terms import CareState
from services.registry.rulebooks import adopting
from services.registry.vault import new_key
from shared import divisions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Conflict, Flaw, Forbidden, Invalid, NotFound
from shared.sealing import Bindable

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('compartment:' || $1 || $2::text, 0))"


class NotCovered(Conflict):
    type = "not-in-key-care"
    title = "The place's scale covers children in need of key care; only its highest level is kept of any other"
    title_zh = "该等级评估适用于重点关爱服务对象；其他儿童仅可登记最高等级"


async def open_entry(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    compartment: Compartment,
    body: CompartmentEntryIn,
    now: datetime,
) -> UUID:
    """The new entry's id.

    NotFound for a child that the caller does not see, Forbidden where the caller keeps no such compartment, Conflict for a
    child who is in it already.
    """
    subject = Subject.of(caller)
    check_entitled(caller, compartment)
    place, sharing = await _keeping(session, kit, caller, compartment, body.child_id, now)
    level = _level(compartment, sharing, body)
    connection = await raw(session)
    await connection.execute(_LOCK, str(compartment), str(body.child_id))
    if sharing.triggers:
        await _check_trigger(session, caller, sharing, body)
    await check_covered(session, caller, sharing, body.child_id, level)
    held = await reading.of_child(session, kit, caller, compartment, body.child_id, now)
    if any(entry.standing.state == CompartmentEntryState.OPEN for entry in held):
        raise Conflict("The child is in this compartment.")
    anchor = await _anchor(session, caller, body.child_id)
    urgent = level is not None and level.urgent
    standing = begun(now, level.name if level else "", urgent)
    row: dict[str, Any] = {
        "id": uuid7(),
        "compartment": str(compartment),
        "place": place,
        "child_id": body.child_id,
        "anchor": anchor,
        "client": subject.client,
        "department": str(caller.department),
        "actor": subject.actor,
        "opened_at": now,
        "urgent": urgent,
    }
    words = {
        "reason": str(body.reason),
        "note": body.note,
        "reference": body.reference or "",
        "trigger": str(body.trigger or ""),
    }
    async with inside(session, caller, compartment):
        data_key = await new_key(session, kit.sealer, row["id"])
        # By these rules it is read for as long as it is there.
        await adopting.keep(connection, kit.audit, kit.profiles, now)
        sealed: tuple[Bindable, ...] = seal_parts(data_key, row, standing.level, words)
        await connection.execute(
            "INSERT INTO compartment_entries (id, compartment, place, child_id, anchor, client, department,"
            " actor, opened_at, urgent, sealed_level, sealed, state, waiting_since, version)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1)",
            *row.values(),
            *sealed,
            standing.state,
            standing.waiting_since,
        )
    made: UUID = row["id"]
    return made


async def _keeping(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    compartment: Compartment,
    child: UUID,
    now: datetime,
) -> tuple[int, Sharing]:
    """The county where the child lives, and its list, which has the caller among its keepers."""
    if not open_groups(caller.department, caller.purpose):
        raise NotFound
    rows = await children.visible(session, caller, [child])
    if not rows:
        raise NotFound
    lives = rows[0]["residence_code"]
    place = divisions.county_of(lives) if lives is not None else None
    if place is None or not (caller.covers(place) and caller.covers(place + 999_999)):
        raise Forbidden("The county where the child lives keeps its compartments.")
    sharing = sharing_at(kit, compartment, place, now.astimezone(SHANGHAI).date())
    if sharing is None or sharing.right(caller.department) < Right.KEEP:
        raise Forbidden("Your department keeps no such compartment where the child lives.")
    return place, sharing


def _level(compartment: Compartment, sharing: Sharing, body: CompartmentEntryIn) -> Level | None:
    form = FORMS[compartment]
    if not form.words_kept and body.note:
        raise Invalid(flaws=[Flaw("/body/note", "kept_at_school", "The school keeps the content.")])
    if form.words_kept and body.reference:
        raise Invalid(flaws=[Flaw("/body/reference", "no_reference", "Of files at schools alone.")])
    if not form.levels:
        if body.level is not None:
            raise Invalid(flaws=[Flaw("/body/level", "no_levels", "This compartment has none.")])
        return None
    return one_of(sharing, body.level)


def one_of(sharing: Sharing, name: str | None) -> Level:
    """A level of the place's scale; Invalid otherwise."""
    level = sharing.level(name) if name is not None else None
    if level is None:
        known = ", ".join(one.name for one in sharing.levels)
        raise Invalid(flaws=[Flaw("/body/level", "unknown_level", f"One of: {known}.")])
    return level


async def _check_trigger(
    session: AsyncSession, caller: Caller, sharing: Sharing, body: CompartmentEntryIn
) -> None:
    """The hardship named is one that the text names, and a person has confirmed it."""
    if body.trigger not in sharing.triggers:
        detail = f"One of: {', '.join(sharing.triggers)}."
        raise Invalid(flaws=[Flaw("/body/trigger", "unfitting_trigger", detail)])
    async with as_system(session, caller):
        found = await key_care.entry_of(session, body.child_id, str(body.trigger))
    if found is None or found["state"] != CareState.CONFIRMED:
        raise Conflict("That hardship of the child is not confirmed.")


async def check_covered(
    session: AsyncSession, caller: Caller, sharing: Sharing, child: UUID, level: Level | None
) -> None:
    """The child is of those whom the text's scale covers; of an urgent level nobody is asked that first."""
    if not sharing.in_care_alone or (level is not None and level.urgent):
        return
    async with as_system(session, caller):
        covered = await key_care.in_ledger(session, [child])
    if child not in covered:
        raise NotCovered


async def _anchor(session: AsyncSession, caller: Caller, child: UUID) -> UUID:
    """The child's surest entry, which no erasure takes away until this transaction ends."""
    async with as_system(session, caller):
        anchor = await key_care.surest_entry(session, child)
        connection = await raw(session)
        stands = anchor is not None and await connection.fetchval(
            "SELECT person FROM links WHERE entry_id = $1 AND person = $2 FOR SHARE", anchor, child
        )
    if anchor is None or not stands:
        raise NotFound
    return anchor
