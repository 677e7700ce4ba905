"""Looking back: the handovers of a child as the hub knew them at an instant, in the rows that today's are read in.

Who sees one is who sees it today: the two counties, by whatever code they go today, whether they see the child or not.
Whereto a shielded child went, shielded then or since, is not told to the county that it left before a person told it.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.children import queries, state
from services.registry.children.building import Folded
from services.registry.children.kit import Kit
from services.registry.handovers.showing import responsible_on
from services.registry.handovers.sight import is_of
from services.registry.handovers.terms import HandoverState
from services.registry.past import gathering
from services.registry.past.gathering import Known
from services.registry.past.hearing import heard
from services.registry.past.recalling import Past, others_since
from services.registry.past.standing import standing
from services.registry.rulebooks import adopting
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.problems import NotFound

_SHIELDED = "SELECT shielded FROM children WHERE id = $1"
_OF_ANCHORS = "SELECT entry_id, person FROM links WHERE entry_id = ANY($1) AND person IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Recalled:
    """A handover as it stood, and the children that it tells of by what is known today."""

    row: dict[str, Any]
    acts: Sequence[Any]
    of: frozenset[UUID]


async def of_child(
    session: AsyncSession, kit: Kit, caller: Caller, child: UUID, known_at: datetime, today: date
) -> list[Recalled]:
    """Those from and to the caller's area, in the order of their ids."""
    async with as_system(session, caller):
        connection = await raw(session)
        broken: set[UUID] = set()
        known = await gathering.known(connection, kit, [child], known_at, broken)
        words = await heard(connection, kit.sealer, [child], known_at, broken)
        rules = await adopting.as_adopted(connection, kit.audit, kit.profiles, [known_at])
        shielded = await connection.fetchval(_SHIELDED, child)
        others = await others_since(connection, child, known[child]) if child in known else ()
        anchors = [act["anchor"] for act in words[child].handovers] if child in words else []
        rows = await connection.fetch(_OF_ANCHORS, anchors)
        person = {row["entry_id"]: row["person"] for row in rows}
    if child not in known or broken:
        return []
    # What fell due by itself may rest on what was another's: that one is not shown by way of the past.
    mixed = len(await queries.visible(session, caller, others)) < len(others)
    one = replace(known[child], words=words[child])
    stood = standing(kit, rules[known_at], child, one, known_at.astimezone(SHANGHAI).date()).row
    ours = partial(is_of, caller, kit, today=today)
    told = _told(ours, stood, one, shielded or stood.shielded)
    return [
        Recalled(
            row,
            acts,
            frozenset({child, *(person.get(act["anchor"], child) for act in acts)})
            if acts
            else frozenset({child, *others}),
        )
        for row, acts in told
        if acts or not mixed
    ]


def handovers(past: Past, caller: Caller) -> list[tuple[dict[str, Any], Sequence[Any]]]:
    """Those of a recalled child."""
    return _told(
        lambda county: caller.covers(past.now_called(county)),
        past.stood.row,
        past.known,
        past.row["shielded"],
    )


def responsible(past: Past, on: date | None) -> tuple[dict[str, Any], date]:
    """The county that had the file on a day, as ``responsible_on`` has it, and that day; NotFound where there was none."""
    day = on or past.on
    found = responsible_on(state.read(past.row["payload"]), past.kit.profiles.code_on, day)
    if found is None:
        raise NotFound
    return found, day


def _told(
    ours: Callable[[int], bool], stood: Folded, known: Known, hidden: bool
) -> list[tuple[dict[str, Any], Sequence[Any]]]:
    found: list[tuple[dict[str, Any], Sequence[Any]]] = []
    for row in sorted(stood.handovers, key=lambda handover: handover.id):
        left = ours(row.giving) and not (hidden and row.state == HandoverState.DUE)
        if left or ours(row.taking):
            acts = [act for act in known.words.handovers if act["handover_id"] == row.id]
            found.append(({**asdict(row), "child_id": stood.id}, acts))
    return found
