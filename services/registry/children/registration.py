"""Registration: folding queued children and writing what came of it.

One transaction locks a batch of queued children, reads every record linked to them, folds, decides status and key care,
writes the rows that changed and appends their events.  The locks are the lease: a worker that dies gives them back, and
nothing is half done.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children import events, gathering, queueing, writing
from services.registry.children.building import build
from services.registry.children.kit import Kit
from services.registry.children.writing import Change
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
    decisions = await gathering.decisions_of(connection, kit.sealer, children, broken)
    passing = await handovers.acts_of(connection, kit.sealer, children, broken)
    before = await gathering.rows_of(connection, children)
    moved = await moves.of(connection, children)
    announced: list[outbox.Event] = []
    changes: list[Change] = []
    gone: list[UUID] = []
    stuck: list[UUID] = []
    for child in children:
        if child in broken:
            stuck.append(child)
            continue
        old = before.get(child)
        if not (held := records.get(child)):
            if old is not None:
                gone.append(child)
                announced.insert(0, events.ended(old, moved.of.get(child, moves.NOTHING)))
            continue
        try:
            acts = passing.get(child, ())
            new = build(kit, child, held, decisions.get(child, []), day, acts)
        except Exception as error:  # noqa: BLE001  (whatever it is, it must hold up no other child)
            log.error(
                "fold.parked",
                child=str(child),
                error=type(error).__name__,
                where=telemetry.where(error),
            )
            stuck.append(child)
            continue
        digest = new.digest(kit.entries.key)[:16]
        if old is not None and old["digest"] == digest:
            continue
        told = new.told(kit.entries.key)[:16]
        changes.append(Change(new, digest, told, old))
        silent = old is not None and old["told"] == told
        announced += events.announce(old, new, moved.of.get(child, moves.NOTHING), silent=silent)
    await writing.write(connection, kit.sealer, changes, day, now)
    if gone:
        await writing.remove(connection, gone)
    if turned := [*gone, *(one.new.id for one in changes if one.old is None)]:
        # Words whose anchor went astray stay with a child as long as it stands.
        await queueing.queue_anchored(connection, turned)
    await placing.place(connection, children)
    await moves.forget(connection, moved, set(children) - set(stuck))
    await outbox.append(session, kit.audit, now, announced)
    return stuck
