"""Storing what a department sends: every item once, in any order, with nothing lost.

The natural key is (source, feed, source id, version).  The same version again is *unchanged*; the same version with other
content is refused; an older version than one already here is stored and *superseded*; a broken item is refused by
itself and harms no other.  Storing and queueing for linkage commit together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from pydantic import TypeAdapter
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.alerts import reporting
from services.registry.erasures import tombstones
from services.registry.identity.contractors import disguised
from services.registry.planning import by_index
from services.registry.profiles import Profiles
from services.registry.records import quality
from services.registry.records.feeds import Feed, Item, Survey
from services.registry.records.inserting import insert, looking_again, note_arrival
from services.registry.records.models import FACT, RECALL
from services.registry.records.queueing import enqueue
from services.registry.records.results import Outcome, Result
from services.registry.records.vault import Plain
from services.registry.rulebooks import adopting
from services.registry.survey_rounds import asking
from shared import divisions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.hashes import entry_id, keyed
from shared.ids import uuid7s
from shared.keys import KeySet
from shared.problems import Flaw
from shared.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Keys:
    """What intake needs to seal, to know again, and to raise what waits for nobody; and the rules that say what a survey has
    to ask.
    """

    sealer: Sealer
    entries: KeySet
    audit: KeySet
    profiles: Profiles


class _Arrived(NamedTuple):
    place: int
    source_id: str
    payload: bytes
    plain: Plain


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
    results: dict[int, Result] = {}
    theirs = []
    for index, item in items:
        if flaw := _not_theirs(caller, item):
            results[index] = Result(index, item.source_id, "refused", flaws=(flaw,))
        else:
            theirs.append((index, item))
    arrived = _stamped(keys, caller, feed, theirs, now)
    connection = await raw(session)
    await by_index(connection)
    held = await tombstones.held(connection, [a.plain.entry_id for a in arrived])
    if held:
        flaw = Flaw("", "erased", "This entry was erased for good.")
        for each in arrived:
            if each.plain.entry_id in held:
                results[each.place] = Result(each.place, each.source_id, "refused", flaws=(flaw,))
        arrived = [a for a in arrived if a.plain.entry_id not in held]
    if arrived:
        results |= await looking_again(
            session, lambda: _store_new(session, keys, caller, arrived, bulk)
        )
    return [results[index] for index, _ in items]


SAY_WHICH = "You speak for several systems: name the one."
NOT_GRANTED = "Name one of your granted sources."


def _not_theirs(caller: Caller, item: Item) -> Flaw | None:
    if caller.office(divisions.widen(item.division)) is None:
        return Flaw(
            "/division", "division_outside_grant", "Push only for offices of your own area."
        )
    if item.source is None:
        if len(caller.grant.sources) > 1:
            return Flaw("/source", "source_required", SAY_WHICH)
    elif item.source not in caller.grant.sources:
        return Flaw("/source", "source_not_granted", NOT_GRANTED)
    return disguised(caller, item)


def _stamped(
    keys: Keys, caller: Caller, feed: Feed, items: Sequence[tuple[int, Item]], now: datetime
) -> list[_Arrived]:
    """The items with the columns they are stored under."""
    department, client = str(caller.department), caller.client
    entries, secret = keys.entries, keys.entries.key
    latest = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    widen, written = divisions.widen, TypeAdapter(feed.model).dump_json
    arrived = []
    for record, (index, item) in zip(uuid7s(len(items)), items, strict=True):
        source = item.source or caller.grant.sources[0]
        # Who relays it is no part of what it says: the same item with its source named is the same item.
        payload = written(
            item,
            exclude_none=True,
            exclude_defaults=True,
            exclude={"source"} if item.source else None,
        )
        findings = quality.findings(item)
        if item.observed_on > latest:
            findings = (*findings, "observed_in_future")
        home, hukou = item.residence, item.hukou
        if isinstance(item, Survey):
            place = widen(home.division if home and home.division else item.division)
            rules = keys.profiles.for_division(place, item.surveyed_on)
            findings = (*findings, *asking.findings(item, rules))
        plain = Plain(
            id=record,
            entry_id=entry_id(entries, source, feed.name, item.source_id),
            version=item.version,
            kind=FACT,
            feed=feed.name,
            source=source,
            department=department,
            client=client,
            division=caller.office(widen(item.division)) or widen(item.division),
            observed_on=item.observed_on,
            received_at=now,
            birth_on=quality.birth_on(item),
            residence_code=widen(home.division) if home and home.division else None,
            hukou_code=widen(hukou.division) if hukou and hukou.division else None,
            findings=findings,
            content_mac=keyed(secret, "content", payload)[:16],
        )
        arrived.append(_Arrived(index, item.source_id, payload, plain))
    return arrived


async def _store_new(
    session: AsyncSession, keys: Keys, caller: Caller, arrived: Sequence[_Arrived], bulk: bool
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
                results[each.place] = _result(
                    each, "unchanged", before[0], ("recalled",) if again else ()
                )
            else:
                flaw = Flaw(
                    "/version", "version_conflict", "This version was sent with other content."
                )
                results[each.place] = Result(each.place, each.source_id, "refused", flaws=(flaw,))
            continue
        latest = newest.get(plain.entry_id, 0)
        known[key] = (plain.id, plain.content_mac)
        newest[plain.entry_id] = max(latest, plain.version)
        fresh.append(each)
        outcome: Outcome = "superseded" if latest > plain.version else "created"
        results[each.place] = _result(each, outcome, plain.id)
    if fresh:
        fresh.sort(key=lambda a: (a.plain.entry_id.bytes, a.plain.version))
        await insert(connection, keys.sealer, [(a.plain, a.payload) for a in fresh])
        await enqueue(connection, {a.plain.entry_id for a in fresh}, bulk)
        await note_arrival(connection, [a.plain for a in fresh])
        if fresh[0].plain.feed in reporting.KINDS:
            async with as_system(session, caller):
                rows = [a.plain for a in fresh]
                now = rows[0].received_at
                await adopting.keep(connection, keys.audit, keys.profiles, now)
                await reporting.report(connection, keys.entries.key, keys.profiles, rows)
    return results


def _result(
    arrived: _Arrived, outcome: Outcome, record: UUID, more: tuple[str, ...] = ()
) -> Result:
    plain = arrived.plain
    findings = plain.findings + more
    return Result(arrived.place, arrived.source_id, outcome, record, plain.entry_id, findings)
