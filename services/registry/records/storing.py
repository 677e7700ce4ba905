"""Storing what a department sends: every item once, in any order, with nothing lost.

The natural key is (source, feed, source id, version).  The same version again is *unchanged*; the same version with other
content is refused; an older version than one already here is stored and *superseded*; a broken item is refused by
itself and harms no other.  Storing and queueing for linkage commit together.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import asyncpg
from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import from_json
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.erasures import tombstones
from services.registry.records import quality
from services.registry.records.feeds import Feed, Item
from services.registry.records.models import FACT, RECALL
from services.registry.records.vault import COLUMNS, Plain, close
from shared import divisions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.hashes import entry_id, keyed
from shared.ids import uuid7
from shared.keys import KeySet
from shared.limits import MAX_BULK_ITEMS, MAX_BULK_KEYS, MAX_LISTED_FLAWS
from shared.problems import Flaw, Invalid, Malformed, flaws_of
from shared.sealing import Sealer

Outcome = Literal["created", "unchanged", "superseded", "refused"]
Stored = TypeVar("Stored")
_ADAPTERS: dict[str, TypeAdapter[list[Item]]] = {}
TRIES = 3


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item; ``flaws`` say why it was refused."""

    index: int
    source_id: str
    outcome: Outcome
    record: UUID | None = None
    entry: UUID | None = None
    findings: tuple[str, ...] = ()
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True, slots=True)
class Keys:
    """What intake needs to seal and to know again."""

    sealer: Sealer
    entries: KeySet


@dataclass(frozen=True, slots=True)
class _Arrived:
    index: int
    item: Item
    payload: bytes
    plain: Plain


def parse(feed: Feed, body: bytes) -> tuple[list[tuple[int, Item]], list[Result]]:
    """A bulk body as items by index, and the refusals.

    Raises ``Malformed`` when it is not JSON and ``Invalid`` when it is not an array of 1–1000 items.
    """
    if body.count(b'":') > MAX_BULK_KEYS:
        # Each unknown name would become an error of its own, a thousand times its size in memory.
        raise Invalid(
            flaws=[Flaw("", "too_many_fields", "The items have more fields than any feed.")]
        )
    adapter = _ADAPTERS.get(feed.name) or _ADAPTERS.setdefault(
        feed.name,
        TypeAdapter(Annotated[list[feed.model], Field(max_length=MAX_BULK_ITEMS)]),  # type: ignore[arg-type,name-defined]
    )
    try:
        items = adapter.validate_json(body)
        _check_count(len(items))
        return list(enumerate(items)), []
    except ValidationError as error:
        flawed = error
    try:
        values = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Malformed("The body is not JSON.") from error
    if not isinstance(values, list):
        raise Invalid(flaws=[Flaw("", "list_type", "The body is an array of items.")])
    _check_count(len(values))
    if flawed.error_count() > MAX_LISTED_FLAWS:
        raise Invalid(
            flaws=[Flaw("", "too_many_flaws", "Hardly anything here fits the feed; send fewer.")]
        )
    by_index: dict[int, list[Any]] = {}
    for detail in flawed.errors(include_url=False, include_input=False, include_context=False):
        by_index.setdefault(int(detail["loc"][0]), []).append(detail)
    good = [(i, v) for i, v in enumerate(values) if i not in by_index]
    one: TypeAdapter[Item] = TypeAdapter(feed.model)
    refused = [
        Result(i, _source_id(values[i]), "refused", flaws=tuple(flaws_of(details, skip=1)))
        for i, details in by_index.items()
    ]
    return [(i, one.validate_python(v)) for i, v in good], refused


def _check_count(count: int) -> None:
    if not 1 <= count <= MAX_BULK_ITEMS:
        raise Invalid(flaws=[Flaw("", "item_count", f"Send 1 to {MAX_BULK_ITEMS} items.")])


def _source_id(value: Any) -> str:
    """The client's own item id, given back to it so that it can tell refusals apart."""
    found = value.get("source_id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= 128 else ""


async def store(
    session: AsyncSession,
    keys: Keys,
    caller: Caller,
    feed: Feed,
    items: Sequence[tuple[int, Item]],
    now: datetime,
    bulk: bool = False,
) -> list[Result]:
    """Store the items of one batch; results in the order of ``items``."""
    arrived: list[_Arrived] = []
    results: dict[int, Result] = {}
    for index, item in items:
        if flaw := _not_theirs(caller, item):
            results[index] = Result(index, item.source_id, "refused", flaws=(flaw,))
        else:
            arrived.append(_stamp(keys, caller, feed, index, item, now))
    held = await tombstones.held(await raw(session), [a.plain.entry_id for a in arrived])
    for each in arrived:
        if each.plain.entry_id in held:
            flaw = Flaw("", "erased", "This entry was erased for good.")
            results[each.index] = Result(each.index, each.item.source_id, "refused", flaws=(flaw,))
    arrived = [a for a in arrived if a.plain.entry_id not in held]
    results |= await _looking_again(
        session, lambda: _store_new(session, keys, feed, arrived, now, bulk)
    )
    return [results[index] for index, _ in items]


async def _looking_again(session: AsyncSession, act: Callable[[], Awaitable[Stored]]) -> Stored:
    """``act`` under a savepoint, begun anew when another request stored one of its entries between look and insert."""
    for _ in range(TRIES - 1):
        try:
            async with session.begin_nested():
                return await act()
        except (asyncpg.PostgresError, DBAPIError) as error:
            if not _is_race(error):
                raise
    async with session.begin_nested():
        return await act()


def _is_race(error: BaseException) -> bool:
    races = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError)
    return isinstance(error, races) or isinstance(error.__cause__, races)


def _not_theirs(caller: Caller, item: Item) -> Flaw | None:
    if not caller.covers(divisions.widen(item.division)):
        return Flaw(
            "/division", "division_outside_grant", "Push only for offices of your own area."
        )
    if item.source is None and len(caller.grant.sources) > 1:
        return Flaw("/source", "source_required", "You speak for several systems: name the one.")
    if item.source is not None and item.source not in caller.grant.sources:
        return Flaw("/source", "source_not_granted", "Name one of your granted sources.")
    return None


def _stamp(
    keys: Keys, caller: Caller, feed: Feed, index: int, item: Item, now: datetime
) -> _Arrived:
    source = item.source or caller.grant.sources[0]
    # Who relays it is no part of what it says: the same item with its source named is the same item.
    payload = item.model_dump_json(
        exclude_none=True, exclude_defaults=True, exclude={"source"}
    ).encode()
    findings = quality.findings(item)
    if item.observed_on > now.astimezone(SHANGHAI).date() + timedelta(days=1):
        findings = (*findings, "observed_in_future")
    home, hukou = item.residence, item.hukou
    plain = Plain(
        id=uuid7(),
        entry_id=entry_id(keys.entries, source, feed.name, item.source_id),
        version=item.version,
        kind=FACT,
        feed=feed.name,
        source=source,
        department=str(caller.department),
        client=caller.client,
        division=divisions.widen(item.division),
        observed_on=item.observed_on,
        received_at=now,
        birth_on=quality.birth_on(item),
        residence_code=divisions.widen(home.division) if home and home.division else None,
        hukou_code=divisions.widen(hukou.division) if hukou and hukou.division else None,
        findings=findings,
        content_mac=keyed(keys.entries.key, "content", payload)[:16],
    )
    return _Arrived(index, item, payload, plain)


async def _store_new(
    session: AsyncSession,
    keys: Keys,
    feed: Feed,
    arrived: Sequence[_Arrived],
    now: datetime,
    bulk: bool,
) -> dict[int, Result]:
    connection = await raw(session)
    known: dict[tuple[UUID, int], tuple[UUID, bytes]] = {}
    newest: dict[UUID, int] = {}
    recalled: dict[UUID, int] = {}
    for row in await connection.fetch(
        "SELECT id, entry_id, version, kind, content_mac FROM records WHERE entry_id = ANY($1)",
        [a.plain.entry_id for a in arrived],
    ):
        if row["kind"] == RECALL:
            recalled[row["entry_id"]] = max(recalled.get(row["entry_id"], 0), row["version"])
            continue
        known[row["entry_id"], row["version"]] = (row["id"], row["content_mac"])
        newest[row["entry_id"]] = max(newest.get(row["entry_id"], 0), row["version"])
    results: dict[int, Result] = {}
    fresh: list[_Arrived] = []
    for each in arrived:
        plain = each.plain
        key = (plain.entry_id, plain.version)
        if (before := known.get(key)) is not None:
            if before[1] == plain.content_mac:
                again = plain.version <= recalled.get(plain.entry_id, 0)
                results[each.index] = _result(
                    each, "unchanged", before[0], ("recalled",) if again else ()
                )
            else:
                flaw = Flaw(
                    "/version", "version_conflict", "This version was sent with other content."
                )
                results[each.index] = Result(
                    each.index, each.item.source_id, "refused", flaws=(flaw,)
                )
            continue
        late = newest.get(plain.entry_id, 0) > plain.version
        known[key] = (plain.id, plain.content_mac)
        newest[plain.entry_id] = max(newest.get(plain.entry_id, 0), plain.version)
        fresh.append(each)
        results[each.index] = _result(each, "superseded" if late else "created", plain.id)
    if fresh:
        # In one order for all: two batches that overlap wait for one another and do not lock each other out.
        fresh.sort(key=lambda a: (a.plain.entry_id.int, a.plain.version))
        await _insert(connection, keys.sealer, [(a.plain, a.payload) for a in fresh])
        await enqueue(connection, {a.plain.entry_id for a in fresh}, bulk)
        await _note_arrival(connection, feed, [a.plain for a in fresh], now)
    return results


def _result(
    arrived: _Arrived, outcome: Outcome, record: UUID, more: tuple[str, ...] = ()
) -> Result:
    plain, item = arrived.plain, arrived.item
    findings = (*plain.findings, *more)
    return Result(arrived.index, item.source_id, outcome, record, plain.entry_id, findings)


_TYPES = {
    "id": "uuid",
    "entry_id": "uuid",
    "version": "bigint",
    "kind": "smallint",
    "division": "bigint",
    "observed_on": "date",
    "received_at": "timestamptz",
    "birth_on": "date",
    "residence_code": "bigint",
    "hukou_code": "bigint",
    "content_mac": "bytea",
    "sealed": "bytea",
}
_NAMES = (*COLUMNS, "sealed")
_INSERT = (
    f"INSERT INTO records ({', '.join(_NAMES)}) SELECT "
    + ", ".join("string_to_array(n.findings, ',')" if n == "findings" else f"n.{n}" for n in _NAMES)
    + " FROM unnest("
    + ", ".join(f"${i + 1}::{_TYPES.get(name, 'text')}[]" for i, name in enumerate(_NAMES))
    + f") AS n({', '.join(_NAMES)})"
)


async def _insert(
    connection: "asyncpg.Connection[Any]", sealer: Sealer, rows: Sequence[tuple[Plain, bytes]]
) -> None:
    """Insert records and their keys.  COPY would be faster, but PostgreSQL has none under row-level security."""
    columns: list[list[Any]] = [[] for _ in _NAMES]
    data_keys = []
    for plain, payload in rows:
        sealed, key = close(sealer, plain, payload)
        data_keys.append((key.id, key.master, key.wrapped))
        for column, name in zip(columns, COLUMNS, strict=False):
            value = getattr(plain, name)
            column.append(",".join(value) if name == "findings" else value)
        columns[-1].append(sealed)
    await connection.copy_records_to_table(
        "data_keys", schema_name="vault", records=data_keys, columns=["id", "master", "wrapped"]
    )
    await connection.execute(_INSERT, *columns)


async def enqueue(
    connection: "asyncpg.Connection[Any]", entries: set[UUID], bulk: bool = False
) -> None:
    """Ask for entries to be linked (again)."""
    await connection.execute(
        "INSERT INTO resolution_queue AS q (entry_id, wanted, bulk)"
        " SELECT unnest($1::uuid[]), 1, $2 ORDER BY 1"
        " ON CONFLICT (entry_id) DO UPDATE SET wanted = q.wanted + 1, bulk = q.bulk AND excluded.bulk",
        sorted(entries),
        bulk,
    )


async def _note_arrival(
    connection: "asyncpg.Connection[Any]", feed: Feed, rows: Sequence[Plain], now: datetime
) -> None:
    groups: dict[tuple[str, int], list[Plain]] = {}
    for plain in rows:
        groups.setdefault((plain.source, divisions.county_of(plain.division)), []).append(plain)
    for (source, county), members in sorted(groups.items(), key=lambda group: group[0]):
        await connection.execute(
            "INSERT INTO feed_arrivals AS a"
            " (feed, source, county, department, received_at, observed_on, records)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (feed, source, county) DO UPDATE SET"
            " received_at = excluded.received_at, records = a.records + excluded.records,"
            " observed_on = greatest(a.observed_on, excluded.observed_on)",
            feed.name,
            source,
            county,
            members[0].department,
            now,
            max(p.observed_on for p in members),
            len(members),
        )


async def recall(
    session: AsyncSession,
    keys: Keys,
    caller: Caller,
    feed: Feed,
    source_ids: Sequence[str],
    source: str | None,
    now: datetime,
) -> list[Result]:
    """Take back entries: each speaks no more, from this record on, until a newer version comes."""
    if source is None and len(caller.grant.sources) > 1:
        raise Invalid(flaws=[Flaw("/source", "source_required")])
    return await _looking_again(
        session, lambda: _recall(session, keys, caller, feed, source_ids, source, now)
    )


async def _recall(
    session: AsyncSession,
    keys: Keys,
    caller: Caller,
    feed: Feed,
    source_ids: Sequence[str],
    source: str | None,
    now: datetime,
) -> list[Result]:
    connection = await raw(session)
    name = source or caller.grant.sources[0]
    if name not in caller.grant.sources:
        raise Invalid(flaws=[Flaw("/source", "source_not_granted")])
    entries = {s: entry_id(keys.entries, name, feed.name, s) for s in source_ids}
    newest = {
        row["entry_id"]: row
        for row in await connection.fetch(
            "SELECT DISTINCT ON (entry_id) entry_id, version, kind, division, observed_on FROM records"
            " WHERE entry_id = ANY($1) ORDER BY entry_id, version DESC, kind DESC",
            list(entries.values()),
        )
    }
    rows, results = [], []
    for index, source_id in enumerate(source_ids):
        found = newest.get(entries[source_id])
        if found is None or not caller.covers(found["division"]):
            flaw = Flaw("/source_id", "unknown_entry", "You have sent no such entry.")
            results.append(Result(index, source_id, "refused", flaws=(flaw,)))
        elif found["kind"] == RECALL:
            results.append(Result(index, source_id, "unchanged", entry=entries[source_id]))
        else:
            plain = Plain(
                id=uuid7(),
                entry_id=entries[source_id],
                version=found["version"],
                kind=RECALL,
                feed=feed.name,
                source=name,
                department=str(caller.department),
                client=caller.client,
                division=found["division"],
                observed_on=found["observed_on"],
                received_at=now,
                birth_on=None,
                residence_code=None,
                hukou_code=None,
                findings=(),
                content_mac=b"",
            )
            rows.append((plain, b"{}"))
            results.append(Result(index, source_id, "created", plain.id, plain.entry_id))
            newest[plain.entry_id] = {**found, "kind": RECALL}
    if rows:
        rows.sort(key=lambda row: row[0].entry_id.int)
        await _insert(connection, keys.sealer, rows)
        await enqueue(connection, {plain.entry_id for plain, _ in rows})
    return results
