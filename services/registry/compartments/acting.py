"""Acting in a compartment: one act after another, each by a keeper, with a reason, on what that person has read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.subjects import SecondPersonNeeded, Subject
from services.registry.children.kit import Kit
from services.registry.compartments import reading, showing
from services.registry.compartments.authenticity import seal_parts
from services.registry.compartments.entering import check_entitled, inside, last_sharing_at
from services.registry.compartments.opening import check_covered, one_of
from services.registry.compartments.reading import Entry
from services.registry.compartments.schemas import CompartmentActIn
from services.registry.compartments.sharing import Level, Right, Sharing
from services.registry.compartments.standing import Done, Standing, after, follows
from services.registry.compartments.terms import FORMS, Compartment, CompartmentEntryAct, Form
from services.registry.rulebooks import adopting
from services.registry.vault import new_key
from shared import preconditions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Conflict, Flaw, Forbidden, Invalid, NotFound

#: More acts than any entry has: what a runaway client could add.
MOST_ACTS = 1000
#: With so many more it is still lowered and closed: an entry that took none would hold its child for ever.
LEAVING = 10
TOWARDS_THE_END = (
    CompartmentEntryAct.PROPOSE_LOWERING,
    CompartmentEntryAct.LOWER,
    CompartmentEntryAct.CLOSE,
)


class TwoMustLower(Conflict):
    type = "lowering-takes-two"
    title = "A level is lowered by proposal with evidence, and by a second person"
    title_zh = "降级须提交佐证并由另一人同意"


class NobodyToHandOver(Conflict):
    type = "hand-over-not-configured"
    title = "To whom the list is handed over is not configured"
    title_zh = "移交对象未配置"


async def act(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    compartment: Compartment,
    entry_id: UUID,
    body: CompartmentActIn,
    read: str,
    now: datetime,
) -> Entry:
    """Append the act; the entry as it was.

    NotFound, Forbidden (also SecondPersonNeeded), Invalid, Conflict (also TwoMustLower) or PreconditionFailed.
    """
    subject = Subject.of(caller)
    check_entitled(caller, compartment)
    entry = await reading.one(session, kit, caller, compartment, entry_id, now, held=True)
    if entry.right < Right.KEEP:
        raise Forbidden("A keeper of this compartment does this.")
    preconditions.check(read, showing.etag(kit, entry, now))
    day = now.astimezone(SHANGHAI).date()
    sharing = last_sharing_at(kit.profiles, compartment, entry.row["place"], day)
    if sharing is None:
        raise NotFound
    form = FORMS[compartment]
    if body.act not in form.acts():
        raise Invalid(flaws=[Flaw("/body/act", "unfitting_act", "Not in this compartment.")])
    if body.note and not form.words_kept:
        raise Invalid(flaws=[Flaw("/body/note", "kept_at_school", "The school keeps the content.")])
    if not follows(entry.standing, body.act):
        raise Conflict("Nothing of the kind can follow now.")
    if len(entry.acts) >= MOST_ACTS + (LEAVING if body.act in TOWARDS_THE_END else 0):
        raise Conflict("The entry has too many acts; close it and open another.")
    level = _level(form, sharing, entry.standing, body, subject)
    if body.act == CompartmentEntryAct.REOPEN:
        kept = sharing.level(entry.standing.level)
        await check_covered(session, caller, sharing, entry.child, kept)
    _check_hand_over(sharing, body)
    await _append(session, kit, caller, entry, body, level, now)
    return entry


def _level(
    form: Form, sharing: Sharing, standing: Standing, body: CompartmentActIn, subject: Subject
) -> Level | None:
    """The level that an act sets or proposes."""
    if body.act == CompartmentEntryAct.SET_LEVEL:
        level = one_of(sharing, body.level)
        if form.lowering_takes_two and sharing.lower(level.name, standing.level):
            raise TwoMustLower
        return level
    if body.act == CompartmentEntryAct.PROPOSE_LOWERING:
        level = one_of(sharing, body.level)
        if not sharing.lower(level.name, standing.level):
            raise Conflict("That level is not lower.")
        return level
    if body.act == CompartmentEntryAct.LOWER and standing.proposed is not None:
        if standing.proposed.actor == subject.actor:
            raise SecondPersonNeeded
        return one_of(sharing, standing.proposed.level)
    lowest = sharing.levels[0].name if sharing.levels else standing.level
    if (
        body.act == CompartmentEntryAct.CLOSE
        and form.lowering_takes_two
        and standing.level != lowest
    ):
        raise TwoMustLower("It is closed at the lowest level alone.")
    return None


def _check_hand_over(sharing: Sharing, body: CompartmentActIn) -> None:
    if body.act != CompartmentEntryAct.HAND_OVER:
        return
    if not sharing.hand_over_to:
        raise NobodyToHandOver
    if body.to not in sharing.hand_over_to:
        detail = f"One of: {', '.join(sharing.hand_over_to)}."
        raise Invalid(flaws=[Flaw("/body/to", "unfitting_office", detail)])


async def _append(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    entry: Entry,
    body: CompartmentActIn,
    level: Level | None,
    now: datetime,
) -> None:
    sets = body.act in (CompartmentEntryAct.SET_LEVEL, CompartmentEntryAct.LOWER)
    done = Done(
        body.act,
        now,
        sets and level is not None and level.urgent,
        level.name if level else "",
        caller.actor,
        body.to or "",
    )
    standing = after(entry.standing, [done])
    row: dict[str, Any] = {
        "id": uuid7(),
        "entry_id": entry.id,
        "number": entry.row["version"],
        "kind": str(body.act),
        "client": caller.client,
        "department": str(caller.department),
        "actor": caller.actor,
        "acted_at": now,
        "urgent": done.urgent,
    }
    words = {
        "reason": str(body.reason),
        "note": body.note,
        "evidence": body.evidence,
        "to": done.handed_to,
    }
    async with inside(session, caller, Compartment(entry.row["compartment"])):
        data_key = await new_key(session, kit.sealer, row["id"])
        connection = await raw(session)
        # By these rules it is read for as long as it is there.
        await adopting.keep(connection, kit.audit, kit.profiles, now)
        await connection.execute(
            "INSERT INTO compartment_acts (id, entry_id, number, kind, client, department, actor, acted_at,"
            " urgent, sealed_level, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            *row.values(),
            *seal_parts(data_key, row, done.level, words),
        )
        await connection.execute(
            "UPDATE compartment_entries SET state = $2, waiting_since = $3, version = version + 1 WHERE id = $1",
            entry.id,
            standing.state,
            standing.waiting_since,
        )
