"""Linking a batch: prepare, look up, decide, store, all in the caller's transaction.

Batches follow one another under the linker's advisory lock, so each sees all that was linked before
it, and link changes are numbered in commit order. What needs no order (normalising, hashing, sealing,
and a rehearsal: finding, opening and weighing whom the batch may speak of) is done before the lock, so that callers
beside each other wait little for one another.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from asyncpg.pgproto import pgproto
from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.sealing import Prepared, Strongroom
from services.matching.linkage.normalization import Features
from services.matching.links import queries, writing
from services.matching.links.grades import Grade
from services.matching.links.linker import Linker
from services.matching.links.neighbourhood import Neighbourhood
from services.matching.links.queries import (
    StoredLink,
)
from services.matching.links.storing import MANY
from shared.database import raw


@dataclass(frozen=True, slots=True)
class Item:
    """One version of an entry, as the registry sends it."""

    entry: UUID
    version: int
    features: Features


async def resolve(session: AsyncSession, linker: Linker, items: Sequence[Item]) -> list[StoredLink]:
    """The link of each item, in order.  A version not newer than the stored one changes nothing."""
    return await _placed(session, linker, items, _is_news)


async def reread(session: AsyncSession, linker: Linker, items: Sequence[Item]) -> list[StoredLink]:
    """The link of each item, in order, as it is read now.  An item that does not stand in its version changes nothing."""
    return await _placed(session, linker, items, _stands)


async def _placed(
    session: AsyncSession,
    linker: Linker,
    items: Sequence[Item],
    counts: Callable[[Prepared, StoredLink | None], bool],
) -> list[StoredLink]:
    newest: dict[UUID, Item] = {}
    for item in items:
        entry = pgproto.UUID(item.entry.bytes)  # is hashed at an eighth of the cost
        if entry not in newest or newest[entry].version < item.version:
            newest[entry] = item
    prepared = await _prepared(linker, newest)
    connection = await raw(session)
    near = Neighbourhood(connection, linker)
    if len(prepared) >= MANY:
        await near.rehearse(prepared)
    await queries.lock_linker(connection)
    if (current := await linker.current(session)) is not linker:
        linker, prepared = current, await _prepared(current, newest)
        near = Neighbourhood(connection, linker)
    standing = await queries.standing(connection, list(newest))
    stored = standing.links
    fresh = [p for p in prepared if counts(p, stored.get(p.entry))]
    if fresh:
        await near.look_around(fresh, standing)
        again = [(p.entry, p.version, p.sealed) for p in fresh if p.entry in stored]
        if again:
            await writing.replace_features(connection, again)
        stored |= await near.place(fresh, standing)
    return [stored[item.entry] for item in items]


async def _prepared(linker: Linker, items: Mapping[UUID, Item]) -> list[Prepared]:
    if len(items) < MANY:
        return _prepare(linker.strongroom, items)
    return await asyncio.to_thread(_prepare, linker.strongroom, items)


def _prepare(strongroom: Strongroom, items: Mapping[UUID, Item]) -> list[Prepared]:
    return [strongroom.prepare(entry, item.version, item.features) for entry, item in items.items()]


def _is_news(prepared: Prepared, link: StoredLink | None) -> bool:
    """An erased entry stays erased, whatever arrives late."""
    if link is None:
        return True
    return link.grade is not Grade.ERASED and (
        link.version is None or link.version < prepared.version
    )


def _stands(prepared: Prepared, link: StoredLink | None) -> bool:
    return link is not None and link.version == prepared.version
