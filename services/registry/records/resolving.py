"""Resolving: asking matching whom queued entries speak of, and taking its word.

Entries are claimed under a lease, since the question goes over HTTP and no transaction stays open meanwhile.  Matching numbers
every link change; a change is taken only when its number is higher than the one held, so replies and the feed of changes
may arrive in any order, twice, or from two replicas, and the newest still stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.registration import queue
from services.registry.records.features import features_of
from services.registry.records.models import RECALL
from services.registry.records.vault import SELECT, Opened, open_row
from shared.database import SYSTEM, Database, raw
from shared.limits import LEASE_SECONDS, MAX_PAGE
from shared.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Claimed:
    entry: UUID
    wanted: int
    leased_until: Any


async def resolve_batch(
    database: Database, sealer: Sealer, matching: httpx.AsyncClient, limit: int
) -> int:
    """Resolve up to ``limit`` queued entries; how many."""
    async with database.transaction(SYSTEM) as session:
        claimed = await _claim(session, limit)
        newest = await _newest(await raw(session), sealer, [c.entry for c in claimed])
    if not claimed:
        return 0
    links = await _ask(matching, newest)
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await take(connection, links)
        await connection.execute(
            "DELETE FROM resolution_queue q USING unnest($1::uuid[], $2::bigint[], $3::timestamptz[])"
            " AS c(entry_id, wanted, leased_until)"
            " WHERE q.entry_id = c.entry_id AND q.wanted = c.wanted AND q.leased_until = c.leased_until",
            *map(list, zip(*((c.entry, c.wanted, c.leased_until) for c in claimed), strict=True)),
        )
        await connection.execute(
            "UPDATE resolution_queue SET leased_until = NULL"
            " WHERE entry_id = ANY($1) AND leased_until = $2",
            [c.entry for c in claimed],
            claimed[0].leased_until,
        )
    return len(claimed)


async def _claim(session: AsyncSession, limit: int) -> list[Claimed]:
    connection = await raw(session)
    rows = await connection.fetch(
        "UPDATE resolution_queue q SET leased_until = clock_timestamp() + make_interval(secs => $2)"
        " FROM (SELECT entry_id FROM resolution_queue"
        "  WHERE leased_until IS NULL OR leased_until < clock_timestamp()"
        "  ORDER BY bulk, queued_at LIMIT $1 FOR UPDATE SKIP LOCKED) AS next"
        " WHERE q.entry_id = next.entry_id RETURNING q.entry_id, q.wanted, q.leased_until",
        limit,
        float(LEASE_SECONDS),
    )
    return [Claimed(r["entry_id"], r["wanted"], r["leased_until"]) for r in rows]


async def _newest(
    connection: "asyncpg.Connection[Any]", sealer: Sealer, entries: Sequence[UUID]
) -> list[Opened]:
    """The newest record of each entry, in the order in which they were received."""
    rows = await connection.fetch(
        SELECT.replace("SELECT ", "SELECT DISTINCT ON (r.entry_id) ", 1)
        + " WHERE r.entry_id = ANY($1) ORDER BY r.entry_id, r.version DESC, r.kind DESC",
        list(entries),
    )
    opened = [o for row in rows if (o := open_row(sealer, row)) is not None]
    return sorted(opened, key=lambda o: o.plain.id)


async def _ask(matching: httpx.AsyncClient, newest: Sequence[Opened]) -> list[dict[str, Any]]:
    facts = [o for o in newest if o.item is not None]
    recalled = [o for o in newest if o.plain.kind == RECALL]
    links: list[dict[str, Any]] = []
    if facts:
        body = [
            {
                "entry": str(o.plain.entry_id),
                "version": o.plain.version,
                "features": features_of(o.item) if o.item else {},
            }
            for o in facts
        ]
        reply = await matching.post("/v1/resolutions", json={"items": body})
        reply.raise_for_status()
        links += reply.json()["items"]
    if recalled:
        reply = await matching.post(
            "/v1/retractions", json={"items": [{"entry": str(o.plain.entry_id)} for o in recalled]}
        )
        reply.raise_for_status()
        links += reply.json()["items"]
    return links


async def take(connection: "asyncpg.Connection[Any]", links: Sequence[dict[str, Any]]) -> int:
    """Take matching's word on these links and queue every child it touches; how many were news.

    A link is {"entry", "person" (absent: nobody), "grade", "weight", "rule_version", "link_seq"}.
    """
    if not links:
        return 0
    newest: dict[str, dict[str, Any]] = {}
    for link in links:
        if link["link_seq"] >= newest.get(link["entry"], link)["link_seq"]:
            newest[link["entry"]] = link
    ordered = [newest[entry] for entry in sorted(newest)]
    entries = [UUID(link["entry"]) for link in ordered]
    before = {
        row["entry_id"]: row["person"]
        for row in await connection.fetch(
            "SELECT entry_id, person FROM links WHERE entry_id = ANY($1) ORDER BY entry_id FOR UPDATE",
            entries,
        )
    }
    taken = await connection.fetch(
        "INSERT INTO links AS l (entry_id, person, grade, weight, rule_version, link_seq)"
        " SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[], $5::text[], $6::bigint[])"
        " ON CONFLICT (entry_id) DO UPDATE SET person = excluded.person, grade = excluded.grade,"
        " weight = excluded.weight, rule_version = excluded.rule_version, link_seq = excluded.link_seq"
        " WHERE excluded.link_seq > l.link_seq RETURNING entry_id, person",
        entries,
        [UUID(link["person"]) if link.get("person") else None for link in ordered],
        [link.get("grade") or "none" for link in ordered],
        [float(link.get("weight") or 0) for link in ordered],
        [link.get("rule_version") or "" for link in ordered],
        [int(link["link_seq"]) for link in ordered],
    )
    touched = {row["person"] for row in taken} | {before.get(row["entry_id"]) for row in taken}
    # An entry whose newest version changed nothing about its link still changed the child's record.
    touched |= {UUID(link["person"]) for link in ordered if link.get("person")}
    touched |= set(before.values())
    await queue(connection, {person for person in touched if person is not None})
    return len(taken)


async def follow_changes(
    database: Database, matching: httpx.AsyncClient, page: int = MAX_PAGE
) -> int:
    """Read matching's link changes from where this registry stands; how many came."""
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        after = await connection.fetchval(
            "SELECT seq FROM relay_positions WHERE target = 'link-changes'"
        )
    reply = await matching.get("/v1/link-changes", params={"after": after or 0, "limit": page})
    reply.raise_for_status()
    changes = reply.json()["items"]
    if not changes:
        return 0
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        news = await take_news(connection, changes)
        await connection.execute(
            "INSERT INTO relay_positions AS p (target, seq) VALUES ('link-changes', $1)"
            " ON CONFLICT (target) DO UPDATE SET seq = greatest(p.seq, excluded.seq)",
            max(int(c["link_seq"]) for c in changes),
        )
    return news if len(changes) < page else max(news, 1)


async def take_news(
    connection: "asyncpg.Connection[Any]", changes: Sequence[dict[str, Any]]
) -> int:
    """As ``take``, leaving out what is already held, so that following costs no folds."""
    held = {
        str(row["entry_id"]): row["link_seq"]
        for row in await connection.fetch(
            "SELECT entry_id, link_seq FROM links WHERE entry_id = ANY($1)",
            [UUID(c["entry"]) for c in changes],
        )
    }
    return await take(
        connection, [c for c in changes if int(c["link_seq"]) > held.get(c["entry"], -1)]
    )
