"""Settled (已了结) in a dossier: what waited for a person and waits no more, and what is no longer owed, and why.

A proposal that was confirmed, a review that was closed and a duty that ended leave no row: they are retraced from what was heard
and decided (``retracing``), for exactly those to whom key care and duties of today are open.
"""

import asyncio
from contextlib import nullcontext
from datetime import datetime
from uuid import UUID

from services.registry.access.sight import as_system
from services.registry.children.gathering import decisions_of, records_of
from services.registry.children.kit import Kit
from services.registry.dossiers.events import DossierEventKind, Event, at, made_id
from services.registry.dossiers.reader import Groups, Reader
from services.registry.dossiers.retracing import CareSpell, DutySpell, Retraced, retrace
from services.registry.past.gathering import Known
from shared.database import raw
from shared.one_at_a_time import OneAtATime
from shared.vocabulary import Department

_CARE = {
    "proposed": DossierEventKind.KEY_CARE_PROPOSED,
    "under_review": DossierEventKind.KEY_CARE_REVIEW,
}

#: The field group that tells whether a child belongs to a population.
_POPULATION_IS_OF = {"key_care": "key_care", "enrolled": "school"}
#: Of a child of whom more records came, a client retraces one life at a time: each takes seconds of the processor.
LONG = 50
RETRACING = OneAtATime()


async def settled(reader: Reader) -> tuple[list[Event], datetime | None]:
    """Every proposal and review, those that wait too, and each duty that is owed no more, with its end; and the instant before
    which none were looked for, where the life was too long: who asks again for what was known then is told of those."""
    care, duties = reader.has("key_care"), reader.has("duties")
    if not (care or duties):
        return [], None
    found: list[Event] = []
    past = await _retraced(reader)
    if care:
        categories = reader.caller.grant.categories
        found += [_care(reader.kit, one) for one in past.care if one.row.category in categories]
    if duties:
        for one in past.duties:
            if reader.caller.department in (Department.CIVIL_AFFAIRS, one.row.department):
                found += _duty(reader.kit, one, reader.groups)
    return found, past.since


async def _retraced(reader: Reader) -> Retraced:
    """Nothing of a child of whom something was changed past the hub."""
    if reader.past:
        return await _alone(reader, reader.past.known)
    broken: set[UUID] = set()
    child = reader.child
    async with as_system(reader.session, reader.caller):
        connection = await raw(reader.session)
        records = await records_of(connection, reader.kit.sealer, [child], broken)
        decisions = await decisions_of(connection, reader.kit.sealer, [child], broken)
    if child in broken or child not in records:
        return Retraced()
    return await _alone(reader, Known(records[child], decisions.get(child, [])))


async def _alone(reader: Reader, known: Known) -> Retraced:
    """In a thread: a long life holds up nobody else.  TooMany for a client that has one retraced already."""
    long = len(known.records) > LONG
    with RETRACING.of(reader.caller.client) if long else nullcontext():
        return await asyncio.to_thread(retrace, reader.kit, reader.child, known, reader.now)


def _care(kit: Kit, one: CareSpell) -> Event:
    row = one.row
    made = made_id(kit.entries.key, row.id, row.state, one.began_at.isoformat())
    return at(
        made,
        _CARE[row.state],
        one.began_at,
        category=row.category,
        key_care=str(row.id),
        clause=row.detail["clause"],
        settled_at=one.ended_at.isoformat() if one.ended_at else None,
        outcome=(one.outcome or "lapsed") if one.ended_at else None,
    )


def told_why(groups: Groups, one: DutySpell) -> str:
    """Why a duty ended, for whoever may know it.

    Of one that is owed to key care nothing, whatever the reason was, to who sees no key care, and of one that is owed to pupils
    to who sees no schooling: what is left out for one reason alone tells that one.
    """
    needed = _POPULATION_IS_OF.get(one.row.population)
    return str(one.why) if needed is None or needed in groups else ""


def _duty(kit: Kit, one: DutySpell, groups: Groups) -> list[Event]:
    row = one.row
    known = {"duty": row.duty, "department": row.department, "clause": row.detail["clause"]}
    began = made_id(kit.entries.key, row.id, row.begun_on)
    ended = made_id(kit.entries.key, row.id, row.begun_on, one.ended_on, "ended")
    return [
        Event(began, DossierEventKind.DUTY, row.begun_on, detail={**known, "state": "ended"}),
        Event(
            ended,
            DossierEventKind.DUTY_ENDED,
            one.ended_on,
            detail={**known, "why": told_why(groups, one), "late": row.state == "overdue"},
        ),
    ]
