"""Resolving: asking matching whom queued entries speak of, and taking its word.

Entries are claimed under a lease, since the question goes over HTTP and no transaction stays open meanwhile.  Matching numbers
every link change; a change is taken only when its number is higher than the one held, so replies and the feed of changes
may arrive in any order, twice, or from two replicas, and the newest still stands.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
import structlog
from asyncpg.pgproto import pgproto

from services.registry.children.queueing import queue
from services.registry.erasures import tombstones
from services.registry.links import moves
from services.registry.planning import by_index
from services.registry.records import queueing
from services.registry.records.authenticity import keep
from services.registry.records.features import told_of
from services.registry.records.models import RECALL
from services.registry.records.vault import SELECTED, Opened, Plain, open_row
from shared.clock import Clock, SystemClock
from shared.database import SYSTEM, Database, raw
from shared.keys import KeySet
from shared.limits import MAX_PAGE
from shared.sealing import Sealer, Unsealable

log = structlog.get_logger()

# OFFSET 0 keeps the planner from beginning with every key there is; LIMIT 1 takes the first of an index range.
_NEWEST = (
    f"SELECT {SELECTED} FROM unnest($1::uuid[]) AS e(entry_id) CROSS JOIN LATERAL"
    " (SELECT * FROM records WHERE entry_id = e.entry_id ORDER BY version DESC, kind DESC LIMIT 1) r"
    " LEFT JOIN LATERAL (SELECT * FROM vault.data_keys WHERE id = r.id OFFSET 0) k ON true"
)

_COLUMNS = "entry_id, person, grade, weight, rule_version, link_seq"
_GIVEN = (
    "unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[], $5::text[], $6::bigint[])"
    f" AS n ({_COLUMNS})"
)
_INSERT = (
    f"INSERT INTO links ({_COLUMNS}, taken_at) SELECT n.*, $7 FROM {_GIVEN} ON CONFLICT DO NOTHING"
    " RETURNING entry_id"
)
# What was known of an erased entry goes with it.
_REPLACED = (
    "SELECT l.entry_id, l.link_seq, l.person, l.taken_at, $7::timestamptz AS replaced_at"
    f" FROM {_GIVEN} JOIN links l"
    " ON l.entry_id = n.entry_id WHERE n.link_seq > l.link_seq AND l.person IS NOT NULL"
    " AND l.person IS DISTINCT FROM n.person"
    " AND NOT EXISTS (SELECT 1 FROM erased_entries e WHERE e.entry_id = l.entry_id)"
)
_LOCK = "SELECT entry_id, person FROM links WHERE entry_id = ANY($1) ORDER BY entry_id FOR UPDATE"
_UPDATE = (
    "UPDATE links l SET person = n.person, grade = n.grade, weight = n.weight,"
    " rule_version = n.rule_version, link_seq = n.link_seq, taken_at ="
    f" CASE WHEN l.person IS DISTINCT FROM n.person THEN $7 ELSE l.taken_at END FROM {_GIVEN}"
    " WHERE l.entry_id = n.entry_id AND n.link_seq > l.link_seq RETURNING l.entry_id, l.person"
)


async def resolve_batch(
    database: Database,
    sealer: Sealer,
    keys: KeySet,
    entries: KeySet,
    matching: httpx.AsyncClient,
    limit: int,
    clock: Clock | None = None,
) -> int:
    """Resolve up to ``limit`` queued entries; how many.  ``keys`` are the audit's, ``entries`` those of entry ids."""
    clock = clock or SystemClock()
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await by_index(connection)
        claimed = await queueing.claim(connection, limit)
        if not claimed:
            return 0
        newest, erased = await _newest(connection, sealer, [c.entry for c in claimed])
    asked = {o.plain.entry_id for o in newest} | erased.keys()
    links = await _ask(matching, entries.key, newest, erased)
    answered = {pgproto.UUID(link["entry"]) for link in links}
    done = [c for c in claimed if c.entry in answered or c.entry not in asked]
    left = [c for c in claimed if c.entry in asked and c.entry not in answered]
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await by_index(connection)
        await take(connection, links, keys, clock.now())
        await _skip(connection, [int(link["link_seq"]) for link in links])
        await queueing.finish(connection, done)
        await queueing.put_off(connection, left)
    return len(done)


async def _newest(
    connection: "asyncpg.Connection[Any]", sealer: Sealer, entries: Sequence[UUID]
) -> tuple[list[Opened], dict[UUID, bool]]:
    """The newest record of each entry, in the order in which they were received.

    Apart from them the erased entries, whose key is gone, and whether each is to stay so for good.
    """
    if held := await tombstones.held(connection, entries):
        # A version may have come in beside the erasure, before it could be refused.
        await tombstones.shred(connection, held)
    rows = await connection.fetch(_NEWEST, entries)
    opened = []
    for row in rows:
        try:
            found = open_row(sealer, row)
        except Unsealable:
            log.error("record.unsealable", record=str(row["id"]))
            found = Opened(Plain.of(row), None)
        if found is not None:
            opened.append(found)
    erased = {r["entry_id"]: r["entry_id"] in held for r in rows if r["wrapped"] is None}
    return sorted(opened, key=lambda o: o.plain.id), erased


async def _ask(
    matching: httpx.AsyncClient, key: bytes, newest: Sequence[Opened], erased: Mapping[UUID, bool]
) -> list[dict[str, Any]]:
    facts = [o for o in newest if o.item is not None]
    silent: list[dict[str, Any]] = [
        {"entry": str(o.plain.entry_id)} for o in newest if o.plain.kind == RECALL
    ]
    silent += [{"entry": str(entry), "erased": for_good} for entry, for_good in erased.items()]
    links: list[dict[str, Any]] = []
    if facts:
        body = [
            {
                "entry": str(o.plain.entry_id),
                "version": o.plain.version,
                "features": told_of(key, o.plain.source, o.plain.feed, o.item) if o.item else {},
            }
            for o in facts
        ]
        links += await _resolutions(matching, body)
    if silent:
        reply = await _post(matching, "/v1/retractions", silent)
        reply.raise_for_status()
        links += orjson.loads(reply.content)["items"]
    return links


async def _resolutions(
    matching: httpx.AsyncClient, body: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Matching's word on a batch.  An entry that it refuses, or cannot place in time, holds up no other: the batch is
    halved until it stands alone, stays queued and is named in the log by its id."""
    try:
        reply = await _post(matching, "/v1/resolutions", body)
        failed = "resolution.refused" if reply.status_code == 422 else ""
    except httpx.ReadTimeout:
        failed = "resolution.slow"
    if failed:
        if len(body) == 1:
            log.error(failed, entry=body[0]["entry"])
            return []
        middle = len(body) // 2
        return [
            *await _resolutions(matching, body[:middle]),
            *await _resolutions(matching, body[middle:]),
        ]
    reply.raise_for_status()
    links: list[dict[str, Any]] = orjson.loads(reply.content)["items"]
    return links


async def _post(
    matching: httpx.AsyncClient, path: str, items: list[dict[str, Any]]
) -> httpx.Response:
    return await matching.post(
        path, content=orjson.dumps({"items": items}), headers={"content-type": "application/json"}
    )


async def take(
    connection: "asyncpg.Connection[Any]",
    links: Sequence[dict[str, Any]],
    keys: KeySet,
    now: datetime | None = None,
) -> int:
    """Take matching's word on these links and queue every child it touches; how many were news.

    From ``now`` on the hub knows them, and whom the entries were held to speak of before is kept, under a MAC of ``keys``.

    A link is {"entry", "person" (absent: nobody), "grade", "weight", "rule_version", "link_seq"}.
    """
    if not links:
        return 0
    newest: dict[str, dict[str, Any]] = {}
    for link in links:
        if link["link_seq"] >= newest.get(link["entry"], link)["link_seq"]:
            newest[link["entry"]] = link
    ordered = [newest[entry] for entry in sorted(newest)]
    entries = [pgproto.UUID(link["entry"]) for link in ordered]
    persons = [pgproto.UUID(link["person"]) if link.get("person") else None for link in ordered]
    columns: list[list[Any]] = [
        entries,
        persons,
        [link.get("grade") or "none" for link in ordered],
        [float(link.get("weight") or 0) for link in ordered],
        [link.get("rule_version") or "" for link in ordered],
        [int(link["link_seq"]) for link in ordered],
    ]
    at = now or datetime.now(UTC)
    known = (*columns, at)
    # An entry that another takes up just now is waited for here, and seen below as he left it.
    new = {row["entry_id"] for row in await connection.fetch(_INSERT, *known)}
    before: dict[UUID, UUID | None] = {}
    changed: list[Any] = []
    if held := [entry for entry in entries if entry not in new]:
        before = {row["entry_id"]: row["person"] for row in await connection.fetch(_LOCK, held)}
        await keep(connection, keys, await connection.fetch(_REPLACED, *known), at)
        changed = await connection.fetch(_UPDATE, *known)
    pairs = [(before[row["entry_id"]], row["person"]) for row in changed]
    touched = {person for pair in pairs for person in pair}
    # An entry whose newest version changed nothing about its link still changed the child's record.
    touched |= set(persons) | set(before.values())
    # Before what they exchanged: whoever folds a child holds its place in the queue first.
    await queue(connection, {person for person in touched if person is not None})
    await moves.note(connection, [(a, b) for a, b in pairs if a and b and a != b])
    return len(new) + len(changed)


async def follow_changes(
    database: Database,
    keys: KeySet,
    matching: httpx.AsyncClient,
    page: int = MAX_PAGE,
    clock: Clock | None = None,
) -> int:
    """Read matching's link changes from where this registry stands; how many came."""
    clock = clock or SystemClock()
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        after = await connection.fetchval(
            "SELECT seq FROM relay_positions WHERE target = 'link-changes'"
        )
    reply = await matching.get("/v1/link-changes", params={"after": after or 0, "limit": page})
    reply.raise_for_status()
    changes = orjson.loads(reply.content)["items"]
    if not changes:
        return 0
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await by_index(connection)
        news = await take_news(connection, changes, keys, clock.now())
        await connection.execute(
            "INSERT INTO relay_positions AS p (target, seq) VALUES ('link-changes', $1)"
            " ON CONFLICT (target) DO UPDATE SET seq = greatest(p.seq, excluded.seq)",
            max(int(c["link_seq"]) for c in changes),
        )
    return news if len(changes) < page else max(news, 1)


async def _skip(connection: "asyncpg.Connection[Any]", taken: Sequence[int]) -> None:
    """Not to follow changes that were just taken, where they are the very next ones and there are no others between."""
    first, last = min(taken, default=0), max(taken, default=0)
    if taken and len(set(taken)) == last - first + 1:
        await connection.execute(
            "UPDATE relay_positions SET seq = $2 WHERE target = 'link-changes' AND seq = $1 - 1",
            first,
            last,
        )


async def take_news(
    connection: "asyncpg.Connection[Any]",
    changes: Sequence[dict[str, Any]],
    keys: KeySet,
    now: datetime | None = None,
) -> int:
    """As ``take``, leaving out what is already held, so that following costs no folds."""
    held = {
        str(row["entry_id"]): row["link_seq"]
        for row in await connection.fetch(
            "SELECT entry_id, link_seq FROM links WHERE entry_id = ANY($1)",
            [pgproto.UUID(c["entry"]) for c in changes],
        )
    }
    return await take(
        connection, [c for c in changes if int(c["link_seq"]) > held.get(c["entry"], -1)], keys, now
    )
