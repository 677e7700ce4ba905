"""Registration: folding queued children and writing what came of it.

One transaction locks a batch of queued children, reads every record linked to them, folds, decides status and key care,
writes the rows that changed and appends their events.  The locks are the lease: a worker that dies gives them back, and
nothing is half done.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.alerts import crowding
from services.registry.alerts import gathering as alerts
from services.registry.alerts.raising import Acted
from services.registry.alerts.watching import Sibling
from services.registry.changes import noting
from services.registry.changes.noting import Standing, Turn
from services.registry.children import building, events, gathering, parts, queueing, writing
from services.registry.children.change import Care, Change
from services.registry.children.gist import Reading
from services.registry.children.kit import Kit
from services.registry.children.parts import Part
from services.registry.children.words import Words
from services.registry.handovers import gathering as handovers
from services.registry.links import moves
from services.registry.match_reviews import placing
from services.registry.planning import by_index
from shared import outbox, telemetry
from shared.database import raw

log = structlog.get_logger()


async def fold_batch(session: AsyncSession, kit: Kit, limit: int, day: date, now: datetime) -> int:
    """Fold up to ``limit`` queued children in this transaction; how many were folded."""
    connection = await raw(session)
    await by_index(connection)
    claimed = await queueing.claim(connection, limit)
    if not claimed:
        return 0
    stuck = set(await refold(session, kit, [one.child for one in claimed], day, now))
    if stuck:
        await queueing.park(connection, [one for one in claimed if one.child in stuck])
    done = [one for one in claimed if one.child not in stuck]
    await queueing.finish(connection, done)
    return len(done)


async def refold(
    session: AsyncSession, kit: Kit, children: Sequence[UUID], day: date, now: datetime
) -> list[UUID]:
    """Fold these children, whose locks are held, and write what changed; those that cannot be folded."""
    connection = await raw(session)
    broken: set[UUID] = set()
    records = await gathering.records_of(connection, kit.sealer, children, broken)
    readings: dict[UUID, Reading] = {}
    for child, held in records.items():
        if child not in broken:
            try:
                readings[child] = building.read(kit, held)
            except Exception as error:  # noqa: BLE001  (whatever it is, it must hold up no other child)
                broken.add(_parked(child, error))
    heard = await listen(connection, kit, readings, children, broken)
    before = await gathering.rows_of(connection, children)
    cared = await gathering.care_of(connection, children)
    moved = await moves.of(connection, children)
    exchanged = {row["person"] for row in moved.rows}
    announced: list[outbox.Event] = []
    changes: list[Change] = []
    turns: list[Turn] = []
    gone: list[UUID] = []
    for child in children:
        if child in broken:
            continue
        old = before.get(child)
        if (reading := readings.get(child)) is None:
            if old is not None:
                gone.append(child)
                turns.append(Turn(Standing.of(old), None))
                announced.insert(0, events.ended(old, moved.of.get(child, moves.NOTHING)))
            continue
        afresh = child in exchanged
        change = changed(
            kit, child, reading, heard, old, cared.get(child, {}), day, broken, afresh=afresh
        )
        if change is None:
            continue
        changes.append(change)
        if (turn := turn_of(change)) is not None:
            turns.append(turn)
        announced += events.announce(
            change,
            moved.of.get(child, moves.NOTHING),
            code_on=partial(kit.profiles.code_on, on=day),
        )
    hashes = await gathering.lookups_of(connection, [*relooked(changes), *gone])
    regrouped = _regrouped(changes, hashes)
    in_care = [child for child in gone if _cared_for(cared.get(child, {}))]
    if left := [*in_care, *regrouped]:
        await queueing.queue(connection, await alerts.shared_until_now(connection, left))
    await writing.write(connection, kit, changes, hashes, day, now)
    if gone:
        await writing.remove(connection, kit, gone, day)
    if turned := [*gone, *(one.new.id for one in changes if one.old is None)]:
        # Words whose anchor went astray stay with a child as long as it stands.
        await queueing.queue_anchored(connection, turned)
    await tell_siblings(connection, changes, regrouped)
    if others := await crowding.disturbed(connection, _joined(changes, gone, hashes)):
        await queueing.queue(connection, others)
    await placing.place(connection, children)
    await moves.forget(connection, moved, set(children) - broken)
    await noting.note(connection, kit.audit, turns, now)
    await outbox.append(session, kit.audit, now, announced)
    return [child for child in children if child in broken]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a child is judged by beside its reading."""

    decisions: Mapping[UUID, Sequence[Any]]
    acts: Mapping[UUID, Sequence[Acted]]
    siblings: Mapping[UUID, Sequence[Sibling]]
    handovers: Mapping[UUID, Sequence[Any]]

    def words(self, child: UUID) -> Words:
        return Words(
            self.acts.get(child, ()), self.siblings.get(child, ()), self.handovers.get(child, ())
        )


async def listen(
    connection: "asyncpg.Connection[Any]",
    kit: Kit,
    readings: Mapping[UUID, Reading],
    children: Sequence[UUID],
    broken: set[UUID],
) -> Heard:
    """What people decided and did about these children, and who their siblings are."""
    return Heard(
        await gathering.decisions_of(connection, kit.sealer, children, broken),
        await alerts.acts_of(connection, kit.sealer, children, broken),
        await alerts.siblings_of(
            connection, {child: one.guardians for child, one in readings.items() if one.guardians}
        ),
        await handovers.acts_of(connection, kit.sealer, children, broken),
    )


def changed(
    kit: Kit,
    child: UUID,
    reading: Reading,
    heard: Heard,
    old: Any | None,
    cared: Mapping[str, Care],
    day: date,
    broken: set[UUID],
    written: bytes | None = None,
    *,
    afresh: bool = False,
) -> Change | None:
    """What becomes of a child; None where nothing does, and where it cannot be judged, which makes it ``broken``."""
    decisions = heard.decisions.get(child, [])
    try:
        new = building.judge(kit, child, reading, decisions, day, heard.words(child), written)
    except Exception as error:  # noqa: BLE001  (whatever it is, it must hold up no other child)
        broken.add(_parked(child, error))
        return None
    digest = new.digest(kit.entries.key)
    # Of a child whose entries others took up meanwhile, its digest does not tell what stands of it.
    before = None if old is None else b"" if afresh else old["digest"]
    if before == digest:
        return None
    told = new.told(kit.entries.key)[:16]
    altered = parts.altered(digest, before)
    return Change(new, digest, told, old, cared, before, altered, new.gist is written)


def _parked(child: UUID, error: Exception) -> UUID:
    log.error(
        "fold.parked",
        child=str(child),
        error=type(error).__name__,
        where=telemetry.where(error),
    )
    return child


def _cared_for(cared: Mapping[str, Care]) -> bool:
    """Whether a child was in confirmed key care."""
    return any(one.state == "confirmed" for one in cared.values())


def relooked(changes: Sequence[Change]) -> list[UUID]:
    """Those found by other hashes than before."""
    return [one.new.id for one in changes if one.old is not None and Part.LOOKUPS in one.altered]


def _regrouped(changes: Sequence[Change], hashes: Mapping[UUID, set[bytes]]) -> list[UUID]:
    """Those in key care who may have other siblings than before."""
    return [
        one.new.id
        for one in changes
        if one.old is not None
        and _cared_for(one.cared)
        and Part.LOOKUPS in one.altered
        and hashes.get(one.new.id, set()) != set(one.new.lookups)
    ]


def _joined(
    changes: Sequence[Change], gone: Sequence[UUID], hashes: Mapping[UUID, set[bytes]]
) -> Counter[bytes]:
    """Upon how many children more, or fewer, each guardian's number stands now."""
    pairs: list[tuple[Collection[bytes], Sequence[bytes]]] = [
        (hashes.get(child, set()), ()) for child in gone
    ]
    for one in changes:
        if Part.LOOKUPS in one.altered:
            # A child that is new may be known by its guardians' alone; what an old one lost may have been a guardian's.
            before = hashes.get(one.new.id, set()) if one.old is not None else set()
            pairs.append((before, one.new.lookups if before else one.new.guardians))
    return crowding.joined(pairs)


async def tell_siblings(
    connection: "asyncpg.Connection[Any]",
    changes: Sequence[Change],
    regrouped: Collection[UUID] = (),
) -> None:
    """Ask for the siblings to be folded of those whose key care began or ended, or who became siblings."""
    guardians = {
        one.new.id: one.new.guardians
        for one in changes
        if one.new.guardians and (one.cares_anew or one.new.id in regrouped)
    }
    if guardians and (others := await alerts.sharing(connection, guardians)):
        await queueing.queue(connection, others)


def turn_of(change: Change) -> Turn | None:
    """What the change is to whoever follows an area; None where it is nothing to anybody.

    Where nothing but key care changed, it is one to those alone who see these categories.
    """
    new, care = change.new, change.care if change.silent else None
    if care == ():
        return None
    return Turn(
        Standing.of(change.old) if change.old else None,
        Standing(
            new.id, new.residence_code, new.residence_stated_by, new.hukou_code, new.hukou_stated_by
        ),
        care,
    )
