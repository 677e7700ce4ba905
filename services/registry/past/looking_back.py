"""Looking back: one child on a day, as known at an instant, for a caller who sees it today.

Rights are those of today, knowledge is that of then.  A past view may rest on entries that have since been found to speak of
another child: whoever may not see that one today is not shown it by way of the past.  Whom anybody shielded, then or since,
has no address in any view.
"""

from dataclasses import fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system, groups_for
from services.registry.children import queries, state, viewing
from services.registry.children.kit import Kit
from services.registry.children.marks import mark
from services.registry.children.schemas import AsOf, ChildOut
from services.registry.duties.assigning import DutyRow
from services.registry.past import gathering
from services.registry.past.gathering import Known
from services.registry.past.standing import standing
from services.registry.profiles import Profiles
from services.registry.rulebooks import adopting
from shared import audit
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.problems import Flaw, Invalid, NotFound
from shared.vocabulary import Department

_SINCE_OF_OTHERS = "SELECT DISTINCT person FROM links WHERE entry_id = ANY($1) AND person IS NOT NULL AND person <> $2"


async def seen(
    request: Request,
    session: AsyncSession,
    caller: Caller,
    row: Any,
    on: date | None,
    known_at: datetime | None,
) -> ChildOut:
    """The child of ``row``, which the caller sees, as it was; its reading recorded.  NotFound where there was none."""
    kit: Kit = request.app.state.kit
    now: datetime = request.app.state.clock.now()
    instant = known_at or now
    day = on or instant.astimezone(SHANGHAI).date()
    if instant > now or day > now.astimezone(SHANGHAI).date():
        raise Invalid(
            flaws=[
                Flaw("/query/on", "in_the_future", "Ask for a day and an instant that have been.")
            ]
        )
    child: UUID = row["id"]
    groups = groups_for(caller)
    async with as_system(session, caller):
        known, profiles, others = await _known(session, kit, child, instant)
    also = await queries.visible(session, caller, others)
    if known is None or len(also) < len(others):
        raise NotFound
    stood = standing(kit, profiles, child, known, day)
    shielded = row["shielded"] or stood.row.shielded or any(one["shielded"] for one in also)
    act = audit.Act.of(
        caller,
        "children.read_past",
        [child, *others],
        fields=sorted(groups),
        on=day.isoformat(),
        known_at=instant.isoformat(),
    )
    await audit.record(session, kit.audit, now, act)
    shown = viewing.view(state.read(stood.row.payload), groups, shielded)
    if "status" in groups:
        decision = stood.row.decision
        shown["status"] = {
            "status": stood.row.status,
            "reasons": decision["reasons"],
            "missing": decision["missing"],
            "next_change_on": decision["next_change_on"],
            "rule_version": decision["profile"],
        }
        shown["left_behind"] = decision.get("left_behind")
    if "key_care" in groups:
        shown["key_care"] = [
            {"id": one.id, "category": one.category, "state": one.state, "since": one.since}
            for one in stood.row.key_care
            if one.category in caller.grant.categories
        ]
        shown["shielded"] = shielded
    if "duties" in groups:
        shown["duties"] = [mark(_plain(one)) for one in stood.row.duties if _owed_by(caller, one)]
    as_of = AsOf(on=day, known_at=instant)
    return ChildOut.model_validate({"id": child, "as_of": as_of, **shown})


async def _known(
    session: AsyncSession, kit: Kit, child: UUID, instant: datetime
) -> tuple[Known | None, Profiles, list[UUID]]:
    """What was known of the child, by which rules, and of which other children it has been found to speak since."""
    connection = await raw(session)
    broken: set[UUID] = set()
    known = (await gathering.known(connection, kit, [child], instant, broken)).get(child)
    profiles = kit.profiles
    if (then := await adopting.known_at(connection, kit.audit, instant)) is not None:
        profiles = await adopting.of_fingerprint(connection, then, profiles)
    if known is None:
        return None, profiles, []
    entries = {record.plain.entry_id for record in known.records}
    rows = await connection.fetch(_SINCE_OF_OTHERS, list(entries), child)
    return known, profiles, sorted(row["person"] for row in rows)


def _plain(one: DutyRow) -> dict[str, Any]:
    held = {field.name: getattr(one, field.name) for field in fields(DutyRow)}
    return {**held, "duty_id": one.id}


def _owed_by(caller: Caller, one: DutyRow) -> bool:
    """As row-level security has it of today's duties."""
    return caller.department in (Department.CIVIL_AFFAIRS, one.department)
