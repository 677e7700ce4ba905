"""Recalling: taking entries back.  A recall is a record like any other, under the version that it takes back."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.alerts import reporting
from services.registry.records.feeds import Feed
from services.registry.records.inserting import insert, looking_again
from services.registry.records.models import RECALL
from services.registry.records.queueing import enqueue
from services.registry.records.results import Result
from services.registry.records.storing import NOT_GRANTED, SAY_WHICH, Keys
from services.registry.records.vault import Plain
from shared.auth import Caller
from shared.database import raw
from shared.hashes import entry_id
from shared.ids import uuid7
from shared.problems import Flaw, Invalid


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
        raise Invalid(flaws=[Flaw("/body/source", "source_required", SAY_WHICH)])
    return await looking_again(
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
        raise Invalid(flaws=[Flaw("/body/source", "source_not_granted", NOT_GRANTED)])
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
        office = caller.office(found["division"]) if found is not None else None
        if found is None or office is None:
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
                division=office,
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
        rows.sort(key=lambda row: row[0].entry_id.bytes)
        await insert(connection, keys.sealer, rows)
        await enqueue(connection, {plain.entry_id for plain, _ in rows})
        if feed.name in reporting.KINDS:
            async with as_system(session, caller):
                await reporting.withdraw(connection, [plain for plain, _ in rows])
    return results
