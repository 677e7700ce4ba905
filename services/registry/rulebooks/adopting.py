"""Adopting: the hub keeps every set of rules that it ever went by, so that the past can be asked by the rules of then.

A rulebook is the files of all profiles together.  A hub that begins to go by other rules than the newest rulebook adopts them
(``adopt``), also where it goes back to earlier ones.  Whatever is decided meanwhile keeps the rules by which it is decided
(``keep``): where they are new to the hub they are adopted too, but rules that were followed by others are not adopted again
because a process of an earlier release is still at work.

A release may not understand files that were kept before it.  Figures then are not counted again; what was decided under
such rules is read by those that the hub went by next, and the log says so: no list is lost because of old words.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from services.registry.profiles import Profiles
from services.registry.rulebooks.keeping import (
    COLUMNS,
    OPERATION,
    RULEBOOKS,
    UnprovenRules,
    UnreadableRules,
    content,
    fingerprint_of,
    provable,
)
from services.registry.rulebooks.lasting import Course
from shared import audit
from shared.ids import uuid7
from shared.keys import KeySet
from shared.problems import NotFound

#: Alone while it looks which rulebook is the newest.
_LOCK = 0x48_75_52_62
_KEPT = f"SELECT {RULEBOOKS.selected} FROM rulebooks WHERE fingerprint = $1 AND adopted_at <= $2"


async def adopt(
    connection: "asyncpg.Connection[Any]", keys: KeySet, profiles: Profiles, now: datetime
) -> str:
    """Go by these rules from now on, unless the hub does already; their fingerprint.  For who begins to work by them."""
    return await _adopt(connection, keys, profiles, now, again=True)


async def keep(
    connection: "asyncpg.Connection[Any]", keys: KeySet, profiles: Profiles, now: datetime
) -> str:
    """Have these rules among those that were kept by ``now``; their fingerprint.  For whatever is decided by them: what began a
    moment earlier than that which first kept them is read by them as well.
    """
    return await _adopt(connection, keys, profiles, now, again=False)


async def _adopt(
    connection: "asyncpg.Connection[Any]",
    keys: KeySet,
    profiles: Profiles,
    now: datetime,
    again: bool,
) -> str:
    fingerprint = fingerprint_of(profiles)
    if await _stands(connection, keys, fingerprint, None if again else now):
        return fingerprint
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    if not await _stands(connection, keys, fingerprint, None if again else now):
        made = {"id": uuid7(), "fingerprint": fingerprint, "adopted_at": now}
        await connection.execute(
            f"INSERT INTO rulebooks ({COLUMNS}) VALUES ($1, $2, $3, $4, $5)",
            *made.values(),
            RULEBOOKS.mac(keys, made),
            orjson.dumps([[name, text.decode()] for name, text in profiles.files]).decode(),
        )
        told = {"rulebook": str(made["id"]), "fingerprint": fingerprint}
        act = audit.Act("hutong", "system", "system:rulebooks", "", OPERATION, (), told)
        await audit.append(connection, keys, now, act)
    return fingerprint


async def _stands(
    connection: "asyncpg.Connection[Any]", keys: KeySet, fingerprint: str, by: datetime | None
) -> bool:
    """Whether these rules were kept ``by`` an instant, or are the newest that are kept; and provably so."""
    if by is None:
        kept = await provable(connection, keys)
        return bool(kept) and kept[-1]["fingerprint"] == fingerprint
    rows = await connection.fetch(_KEPT, fingerprint, by)
    return any(RULEBOOKS.stands(keys, row) for row in rows)


async def known_at(
    connection: "asyncpg.Connection[Any]", keys: KeySet, instant: datetime
) -> str | None:
    """The fingerprint of the rules that the hub went by at an instant; before the first that are kept, theirs.

    UnprovenRules where that rulebook is not of the hub's making: no figure is counted by what somebody put in its place.
    """
    selected = f"SELECT {RULEBOOKS.selected} FROM rulebooks"
    row = await connection.fetchrow(
        f"{selected} WHERE adopted_at <= $1 ORDER BY adopted_at DESC, id DESC LIMIT 1", instant
    ) or await connection.fetchrow(f"{selected} ORDER BY adopted_at, id LIMIT 1")
    if row is None:
        return None
    if not RULEBOOKS.authentic(keys, row):
        raise UnprovenRules
    fingerprint: str = row["fingerprint"]
    return fingerprint


async def of_fingerprint(
    connection: "asyncpg.Connection[Any]", fingerprint: str, present: Profiles | None = None
) -> Profiles:
    """The rules of this fingerprint, which may be those of the ``present``; NotFound where none are kept, UnprovenRules where
    others stand in their place, UnreadableRules where this release does not understand them."""
    found = await content(connection, fingerprint, present)
    if found is None:
        raise NotFound
    return found


async def as_adopted(
    connection: "asyncpg.Connection[Any]",
    keys: KeySet,
    present: Profiles,
    instants: Iterable[datetime],
) -> dict[datetime, Profiles]:
    """By instant, the rules that the hub went by then, as ``known_at`` has it; the ``present`` ones while none are kept.

    What was decided under a rule is read by these: a text that was amended since, and dated back, makes nothing else of it.
    Where they cannot be proven, the last before them that can: no list is lost because of one row.
    """
    kept = await provable(connection, keys)
    held = _held(kept, instants)
    found = {one: await _nearest(connection, kept, one, present) for one in {*held.values()}}
    return {at: found[one] for at, one in held.items()}


async def courses(
    connection: "asyncpg.Connection[Any]",
    keys: KeySet,
    present: Profiles,
    instants: Iterable[datetime],
) -> dict[datetime, Course]:
    """By instant, the rules that the hub went by then, as ``as_adopted`` has it, and by which it has gone since."""
    kept = await provable(connection, keys)
    held = _held(kept, instants)
    first = min(held.values(), default=0)
    read = [await _nearest(connection, kept, one, present) for one in range(first, len(kept))]
    since = [(row["adopted_at"], rules) for row, rules in zip(kept[first:], read, strict=True)]
    then = dict(enumerate(read, first))
    return {
        at: Course(at, then.get(one, present), tuple(since[one - first + 1 :]))
        for at, one in held.items()
    }


def _held(kept: Sequence[Any], instants: Iterable[datetime]) -> dict[datetime, int]:
    """By instant, the place of its rulebook among those that are kept."""
    begins = [row["adopted_at"] for row in kept]
    return {at: max(bisect_right(begins, at) - 1, 0) for at in instants}


async def _nearest(
    connection: "asyncpg.Connection[Any]", kept: Sequence[Any], place: int, present: Profiles
) -> Profiles:
    """The rules of a place among the kept ones: for words that this release does not understand those that came next, for
    files that are not the hub's those before; the ``present`` ones where it has none."""
    others: Sequence[Any] = ()
    for nearest in kept[place : place + 1]:
        try:
            return await of_fingerprint(connection, nearest["fingerprint"], present)
        except UnreadableRules:
            others = kept[place + 1 :]
        except UnprovenRules:
            others = (*reversed(kept[:place]), *kept[place + 1 :])
    for row in others:
        try:
            return await of_fingerprint(connection, row["fingerprint"], present)
        except (UnprovenRules, UnreadableRules):
            continue
    return present
