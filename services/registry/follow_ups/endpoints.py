"""Whom to prompt (后续权益提醒): the children of an area with an entitlement that opens, or has opened, in a time."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import Query, Request

from services.registry.access.sight import groups_for
from services.registry.children import viewing
from services.registry.children.building import open_state
from services.registry.children.endpoints import ChildReader
from services.registry.children.kit import Kit
from services.registry.children.state import facts_of
from services.registry.follow_ups import queries
from services.registry.follow_ups.marking import marks
from services.registry.follow_ups.schemas import Entitlement, PromptOut, PromptsOut
from services.registry.key_care.terms import Place
from services.registry.profiles.rules import ASSUMED_COUNTING
from services.registry.status.counting import months_on
from shared import audit, divisions
from shared.application import USUAL, Router, Transaction
from shared.clock import today
from shared.cursors import Cursors
from shared.days import AskedDay
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.problems import Flaw, Forbidden, Invalid
from shared.sealing import Unsealable

log = structlog.get_logger()
router = Router(prefix="/v1", tags=["children"], responses=USUAL)

#: Without ``until``: from sixteen on nobody waits longer for eighteen.
MONTHS = 24


@router.get("/follow-ups", summary="List whom to prompt", response_model_exclude_none=True)
async def list_follow_ups(
    request: Request,
    caller: ChildReader,
    session: Transaction,
    entitlement: Annotated[Entitlement | None, Query(description="only this one")] = None,
    place: Annotated[
        Place, Query(description="which of the child's places is yours")
    ] = Place.RESIDENCE,
    since: Annotated[
        AskedDay | None,
        Query(alias="from", description="only what opens on this day or later; today, if absent"),
    ] = None,
    until: Annotated[
        AskedDay | None,
        Query(description="only what opens by this day; 24 months from today, if absent"),
    ] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[
        int, Query(ge=1, le=MAX_PAGE, description="children looked at")
    ] = DEFAULT_PAGE,
) -> PromptsOut:
    """The children of your area who grew out of counting and have an entitlement that opens between two days (both of them
    included): an orphan's study grant on its eighteenth birthday, say.

    Each entitlement as far as its ground is open to your department and purpose.  Of what a compartment alone shows nothing
    stands here: ask at its own door.
    """
    groups = groups_for(caller)
    if not {"identity", "status"} <= groups.keys():
        raise Forbidden("Your department lists no children for this purpose.")
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    day = today(request.app.state.clock)
    first = since or day
    last = until or months_on(day, MONTHS, ASSUMED_COUNTING)
    if last < first:
        raise Invalid(flaws=[Flaw("/query/until", "before_from", "It lies before the first day.")])
    asked = f"{place}|{entitlement}"  # not the days: without any, tomorrow they are others
    bound_to = f"follow-ups|{caller.client}|{caller.purpose}|{asked}"
    after = UUID(cursors.read(cursor, bound_to, now)) if cursor else queries.START
    rows = await queries.page(session, caller, place, after, limit + 1)
    found = [
        one
        for row in rows[:limit]
        for one in _prompts(kit, row, groups, day)
        if first <= one.follow_up.since <= last and entitlement in (None, one.follow_up.entitlement)
    ]
    named = sorted({one.child for one in found})
    act = audit.Act.of(
        caller,
        "follow_ups.list",
        named,
        fields=sorted(groups),
        entitlement=str(entitlement or ""),
    )
    await audit.record(session, kit.audit, now, act)
    more = cursors.make(str(rows[limit - 1]["id"]), bound_to, now) if len(rows) > limit else None
    return PromptsOut(follow_ups=found, since=first, until=last, next=more)


def _prompts(kit: Kit, row: Any, groups: Mapping[str, str], day: date) -> Iterator[PromptOut]:
    try:
        state = open_state(kit.sealer, row)
    except Unsealable:
        log.error("child.unsealable", child=str(row["id"]))
        return
    opened = [
        one
        for one in marks(facts_of(state), state["fields"], kit.profiles, day)
        if one.group in groups
    ]
    if not opened:
        return
    identity = {group: level for group, level in groups.items() if group == "identity"}
    fields = viewing.view(state, identity, row["shielded"])["fields"]
    code = row["residence_code"] if "residence" in groups else None
    if code is not None and (row["shielded"] or "residence_address" not in groups):
        code = divisions.county_of(code)  # below the county a division code is an address too
    for one in opened:
        yield PromptOut.model_validate(
            {
                "child": row["id"],
                "name": fields.get("name", {}).get("value"),
                "division": divisions.text_of(code) if code is not None else None,
                "shielded": row["shielded"],
                "follow_up": asdict(one),
            }
        )
