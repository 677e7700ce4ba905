"""Linking a batch: prepare, look up, decide, store, all in the caller's transaction.

Batches follow one another under the linker's advisory lock, so each sees all that was linked before
it, and link changes are numbered in commit order. What needs no order (normalising, hashing,
sealing) is done before the lock.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from prometheus_client import Counter as Metric
from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.sealing import Prepared, SealedEntry, Strongroom
from services.matching.linkage.deciding import decide
from services.matching.linkage.decisions import Decision, Doubt, Known, NewEntry, Outcome
from services.matching.linkage.normalization import Features, Standard
from services.matching.linkage.weights import Model
from services.matching.links import queries
from services.matching.links.grades import Grade
from services.matching.links.queries import Connection, NewLink, NewReview, StoredLink
from shared.clock import Clock
from shared.database import raw
from shared.sealing import Unsealable

log = structlog.get_logger()

CROWDED = Metric("hutong_matching_crowded_keys_total", "Blocking keys cut off at the model's cap")
LINKED = Metric("hutong_matching_links_total", "Links made, by grade", ["grade"])


@dataclass(frozen=True, slots=True)
class Item:
    """One version of an entry, as the registry sends it."""

    entry: UUID
    version: int
    features: Features


@dataclass(frozen=True, slots=True)
class Linker:
    """What linking needs beside the database."""

    model: Model
    strongroom: Strongroom
    clock: Clock


async def resolve(session: AsyncSession, linker: Linker, items: Sequence[Item]) -> list[StoredLink]:
    """The link of each item, in order.  A version not newer than the stored one changes nothing."""
    newest: dict[UUID, Item] = {}
    for item in items:
        if item.entry not in newest or newest[item.entry].version < item.version:
            newest[item.entry] = item
    prepared = await asyncio.to_thread(_prepare, linker.strongroom, list(newest.values()))

    connection = await raw(session)
    await queries.lock_linker(connection)
    stored = await queries.links_of(connection, list(newest))
    fresh = [p for p in prepared if _is_news(p, stored.get(p.entry))]
    if fresh:
        known, sealed = await _gather(connection, linker.model, fresh, stored)
        outcome = await asyncio.to_thread(_decide, linker, fresh, stored, known, sealed)
        stored |= await _store(connection, linker, fresh, stored, sealed, outcome)
    return [stored[item.entry] for item in items]


def _prepare(strongroom: Strongroom, items: Sequence[Item]) -> list[Prepared]:
    return [strongroom.prepare(item.entry, item.version, item.features) for item in items]


def _is_news(prepared: Prepared, link: StoredLink | None) -> bool:
    """An erased entry stays erased, whatever arrives late."""
    if link is None:
        return True
    return link.grade is not Grade.ERASED and (
        link.version is None or link.version < prepared.version
    )


async def _gather(
    connection: Connection,
    model: Model,
    fresh: Sequence[Prepared],
    stored: Mapping[UUID, StoredLink],
) -> tuple[dict[int, list[UUID]], list[tuple[UUID, SealedEntry]]]:
    """Persons by key, and the sealed members of those that some entry shares most keys with."""
    sought = list({key for p in fresh for key in p.sought})
    by_key, crowded = await queries.persons_sharing(connection, sought, model.key_cap)
    CROWDED.inc(crowded)
    wanted: set[UUID] = set()
    for p in fresh:
        shared = Counter(person for key in p.sought for person in set(by_key.get(key, ())))
        best = sorted(shared, key=lambda person: (-shared[person], person))
        wanted.update(best[: model.candidates])
        if (link := stored.get(p.entry)) and link.person:
            wanted.add(link.person)
    return by_key, await queries.members_of(connection, sorted(wanted)) if wanted else []


def _decide(
    linker: Linker,
    fresh: Sequence[Prepared],
    stored: Mapping[UUID, StoredLink],
    by_key: Mapping[int, list[UUID]],
    sealed: Sequence[tuple[UUID, SealedEntry]],
) -> Outcome:
    members: dict[UUID, dict[UUID, Standard]] = {}
    for person, entry in sealed:
        try:
            members.setdefault(person, {})[entry.entry] = linker.strongroom.open(entry)
        except Unsealable:
            log.error("entry.unsealable", entry=str(entry.entry))
    entries = [
        NewEntry(
            p.entry,
            p.version,
            p.standard,
            p.sought,
            link.person if (link := stored.get(p.entry)) else None,
        )
        for p in fresh
    ]
    return decide(linker.model, entries, Known(members, by_key))


async def _store(
    connection: Connection,
    linker: Linker,
    fresh: Sequence[Prepared],
    stored: Mapping[UUID, StoredLink],
    sealed: Sequence[tuple[UUID, SealedEntry]],
    outcome: Outcome,
) -> dict[UUID, StoredLink]:
    replaced = [link for p in fresh if (link := stored.get(p.entry)) and link.version is not None]
    if replaced:
        pairs = [(key, link.entry) for link in replaced for key in link.keys]
        await queries.remove_features(connection, [link.entry for link in replaced], pairs)
    await queries.store_features(connection, fresh)

    decisions = [*outcome.decisions, *outcome.moves]
    first = await queries.last_link_seq(connection) + 1
    now = linker.clock.now()
    links = [_link(linker, decision, seq, now) for seq, decision in enumerate(decisions, first)]
    known = [p.entry for p in fresh if p.entry in stored] + [move.entry for move in outcome.moves]
    await queries.replace_links(connection, links, known)
    await queries.store_persons(
        connection, sorted({d.person for d in outcome.decisions}), outcome.joined
    )
    await queries.replace_reviews(
        connection,
        [decision.entry for decision in decisions],
        outcome.joined,
        _emptied(fresh, stored, sealed, outcome),
        [_review(linker, d, doubt, now) for d in outcome.decisions for doubt in d.doubts],
    )
    for grade in (Grade.CERTAIN, Grade.POSSIBLE):
        LINKED.labels(grade).inc(sum(link.grade is grade for link in links))
    versions = {p.entry: p.version for p in fresh}
    return {
        n.entry: StoredLink(
            n.entry, n.person, n.grade, n.weight, n.rule_version, n.link_seq, versions[n.entry]
        )
        for n in links
        if n.entry in versions
    }


def _emptied(
    fresh: Sequence[Prepared],
    stored: Mapping[UUID, StoredLink],
    sealed: Sequence[tuple[UUID, SealedEntry]],
    outcome: Outcome,
) -> list[UUID]:
    """Persons whom a newer version of their last entry has left."""
    left = {link.person for p in fresh if (link := stored.get(p.entry)) and link.person}
    gone = {p.entry for p in fresh} | {move.entry for move in outcome.moves}
    living = {person for person, entry in sealed if entry.entry not in gone}
    living |= {d.person for d in (*outcome.decisions, *outcome.moves)}
    return sorted(left - living)


def _link(linker: Linker, decision: Decision, link_seq: int, now: datetime) -> NewLink:
    evidence = decision.evidence
    return NewLink(
        decision.entry,
        decision.person,
        Grade.CERTAIN if decision.certain else Grade.POSSIBLE,
        evidence.weight if evidence else 0.0,
        linker.model.rule_version,
        link_seq,
        now,
        decision.against,
        evidence.levels if evidence else (),
        evidence.weights if evidence else (),
    )


def _review(linker: Linker, decision: Decision, doubt: Doubt, now: datetime) -> NewReview:
    evidence = doubt.evidence
    return NewReview(
        decision.entry,
        doubt.person,
        evidence.weight,
        linker.model.rule_version,
        evidence.levels,
        evidence.weights,
        now,
    )
