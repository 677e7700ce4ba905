"""Reading: entries as their own acts make them, each with the child of today and how far its reader sees into it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.matrix import open_groups
from services.registry.access.sight import as_system
from services.registry.children import queries as children
from services.registry.children.anchoring import whose
from services.registry.children.kit import Kit
from services.registry.compartments import queries
from services.registry.compartments.authenticity import level_of, words_of
from services.registry.compartments.entering import inside, last_sharing_at, right_at
from services.registry.compartments.sharing import Right, Sharing
from services.registry.compartments.standing import Done, Standing, after, begun
from services.registry.compartments.terms import (
    FORMS,
    Compartment,
    CompartmentEntryAct,
    CompartmentEntryState,
)
from services.registry.compartments.urging import (
    Urgency,
    filled_for,
    home_of,
    urgency,
    without_place,
)
from services.registry.key_care import queries as key_care
from services.registry.profiles import Profiles
from services.registry.rulebooks import adopting
from services.registry.rulebooks.lasting import Course, Lasting
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.problems import NotFound
from shared.sealing import Sealer, Unsealable

log = structlog.get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """``child`` is the child of today, ``child_is_seen`` whether its reader may see that one, and ``uncovered`` whether it is
    none of those whom the place's text covers; ``urgency`` is there while something is urgent, for who reads the content.

    ``rules``: by the instant at which it was opened or acted upon, the rules that the hub went by, and since.  The words, the
    opener's and then each act's, are empty for who sees the level alone: they were not opened.
    """

    row: Any
    acts: Sequence[Any]
    standing: Standing
    words: Sequence[dict[str, Any]]
    child: UUID
    child_is_seen: bool
    right: Right
    rules: Mapping[datetime, Course]
    urgency: Urgency | None = None
    uncovered: bool = False

    @property
    def id(self) -> UUID:
        found: UUID = self.row["id"]
        return found


async def one(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    compartment: Compartment,
    entry: UUID,
    now: datetime,
    *,
    held: bool = False,
) -> Entry:
    """The entry; NotFound where it is not there for this caller, whatever the cause."""
    async with inside(session, caller, compartment):
        rows = await queries.one(await raw(session), caller, compartment, entry, held=held)
    found = await _opened(session, kit, caller, compartment, rows, now)
    if not found:
        raise NotFound
    return found[0]


async def of_child(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    compartment: Compartment,
    child: UUID,
    now: datetime,
) -> list[Entry]:
    """A child's entries; NotFound for a child that the caller does not see."""
    if not await sees(session, caller, [child]):
        raise NotFound
    async with inside(session, caller, compartment):
        rows = await queries.that_may_be_about(await raw(session), caller, compartment, child)
    found = await _opened(session, kit, caller, compartment, rows, now)
    return [entry for entry in found if entry.child == child]


async def page(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    compartment: Compartment,
    state: CompartmentEntryState,
    urgent: bool | None,
    after: UUID | None,
    limit: int,
    now: datetime,
) -> tuple[list[Entry], UUID | None]:
    """The next entries, and where to go on.  Whoever sees levels alone is not told what is urgent or closed."""
    day = now.astimezone(SHANGHAI).date()
    plain = state == CompartmentEntryState.OPEN and urgent is None
    least = Right.LEVEL if plain else Right.CONTENT
    async with inside(session, caller, compartment):
        connection = await raw(session)
        among = [
            place
            for place in await queries.places(connection, caller, compartment)
            if right_at(kit, caller, compartment, place, day) >= least
        ]
        rows = await queries.page(
            connection, caller, compartment, among, state, urgent, after, limit
        )
    position = rows[-1]["id"] if len(rows) == limit else None
    return await _opened(session, kit, caller, compartment, rows, now), position


async def sees(session: AsyncSession, caller: Caller, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these children whom the caller may see for its purpose."""
    return set(await _seen(session, caller, ids))


async def _seen(session: AsyncSession, caller: Caller, ids: Sequence[UUID]) -> dict[UUID, Any]:
    if not ids or not open_groups(caller.department, caller.purpose):
        return {}
    return {row["id"]: row for row in await children.visible(session, caller, ids)}


async def _opened(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    compartment: Compartment,
    rows: Sequence[Any],
    now: datetime,
) -> list[Entry]:
    """Entries in the same order, less those into which the caller does not see, and those that were not written here."""
    day = now.astimezone(SHANGHAI).date()
    rights = {row["id"]: _right(kit, caller, compartment, row, day) for row in rows}
    rows = [row for row in rows if rights[row["id"]] > Right.NONE]
    if not rows:
        return []
    async with inside(session, caller, compartment):
        acts = await queries.acts_of(await raw(session), [row["id"] for row in rows])
    said = {one["acted_at"] for done in acts.values() for one in done}
    instants = said | {row["opened_at"] for row in rows}
    async with as_system(session, caller):
        today = await whose(await raw(session), kit.sealer, rows, "opened_at")
        rules = await adopting.courses(await raw(session), kit.audit, kit.profiles, instants)
    about = {row["id"]: today[row["id"]] or row["child_id"] for row in rows}
    seen = await _seen(session, caller, list(about.values()))
    found = []
    for row in rows:
        right, child = rights[row["id"]], about[row["id"]]
        try:
            standing, words = fold(kit.sealer, row, acts[row["id"]], right)
        except (Unsealable, ValueError):
            log.error("compartment.forged", id=str(row["id"]))
            continue
        done = acts[row["id"]]
        found.append(Entry(row, done, standing, words, child, child in seen, right, rules))
    return await _judged(session, caller, found, seen, now)


async def _judged(
    session: AsyncSession,
    caller: Caller,
    found: Sequence[Entry],
    seen: Mapping[UUID, Any],
    now: datetime,
) -> list[Entry]:
    """Entries with what the place's rules make of them today, for those who read their content."""
    rules = {
        one.id: sharing
        for one in found
        if one.right >= Right.CONTENT
        and one.standing.state == CompartmentEntryState.OPEN
        and (sharing := kept_by(one, one.standing.waiting_since)) is not None
    }
    covered: set[UUID] = set()
    if asked := [one.child for one in found if one.id in rules and rules[one.id].in_care_alone]:
        async with as_system(session, caller):
            covered = await key_care.in_ledger(session, asked)
    homes = {
        one.id: home_of(one.row["place"], seen.get(one.child))
        for one in found
        if one.id in rules and one.standing.waiting_since is not None
    }
    filled = await filled_for(session, caller, set(homes.values()))
    finely = "residence_address" in open_groups(caller.department, caller.purpose)
    judged = []
    for one in found:
        since, sharing, task = one.standing.waiting_since, rules.get(one.id), None
        if sharing is not None:
            if since is not None:
                within = limit_of(one, since, now, lambda found: found.urgent_within)
                task = urgency(homes[one.id], since, within, now, filled)
                task = task if finely else without_place(task)
            uncovered = sharing.in_care_alone and one.child not in covered
            one = replace(one, uncovered=uncovered, urgency=task)
        judged.append(one)
    return judged


def kept_by(entry: Entry, at: datetime | None) -> Sharing | None:
    """The rules by which the entry was kept at an instant of it, at its opening without one: what is adopted later makes
    nothing of before another."""
    at = at or entry.row["opened_at"]
    day, row = at.astimezone(SHANGHAI).date(), entry.row
    return last_sharing_at(entry.rules[at].then, Compartment(row["compartment"]), row["place"], day)


def limit_of(
    entry: Entry, at: datetime, now: datetime, setting: Callable[[Sharing], T | None]
) -> Lasting[T] | None:
    """A limit by which the entry is kept since an instant of it, as it stands now: that of the rules of then, or, where they
    left it open, the first that was set from then on."""
    kept, place = Compartment(entry.row["compartment"]), entry.row["place"]

    def asked(profiles: Profiles, on: date) -> T | None:
        sharing = last_sharing_at(profiles, kept, place, on)
        return setting(sharing) if sharing is not None else None

    return entry.rules[at].lasting(asked, at.astimezone(SHANGHAI).date(), now)


def _right(kit: Kit, caller: Caller, compartment: Compartment, row: Any, day: date) -> Right:
    right = right_at(kit, caller, compartment, row["place"], day)
    if right == Right.LEVEL and row["state"] != CompartmentEntryState.OPEN:
        return Right.NONE
    return right


def fold(
    sealer: Sealer, row: Any, acts: Sequence[Any], right: Right
) -> tuple[Standing, list[dict[str, Any]]]:
    """What an entry's acts make of it, and the words of whoever may read them.

    Unsealable or ValueError where anything of it was not written by the hub, or an act of it is missing.
    """
    if FORMS.get(row["compartment"]) is None:
        raise ValueError("it is of no compartment")
    reads = right >= Right.CONTENT
    words = [words_of(sealer, one) for one in (row, *acts)] if reads else []
    done = [
        Done(
            CompartmentEntryAct(act["kind"]),
            act["acted_at"],
            act["urgent"],
            level_of(sealer, act),
            act["actor"],
            words[number]["to"] if reads else "",
        )
        for number, act in enumerate(acts, start=1)
    ]
    standing = after(begun(row["opened_at"], level_of(sealer, row), row["urgent"]), done)
    numbers = [act["number"] for act in acts]
    kept = (row["state"], row["waiting_since"], row["version"], numbers)
    if kept != (
        standing.state,
        standing.waiting_since,
        len(acts) + 1,
        list(range(1, len(acts) + 1)),
    ):
        raise ValueError("it is not what its acts make of it")
    return standing, words
