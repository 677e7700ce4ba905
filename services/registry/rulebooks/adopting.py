"""Adopting: the hub keeps every set of rules that it ever went by, so that the past can be asked by the rules of then.

A rulebook is the files of all profiles together.  Whichever process first goes by other rules than the newest rulebook
adopts them; a hub that goes back to earlier rules adopts those again.  What is read back is checked: the files against
their hash, the instant of their adoption against a MAC whose key lies outside the database.

A release may not understand files that were kept before it.  Figures then are not counted again; what was decided under
such rules is read by those that the hub went by next, and the log says so: no list is lost because of old words.
"""

import hashlib
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import asyncpg
import orjson
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.profiles import ProfileError, Profiles
from shared.authenticity import Attested
from shared.ids import uuid7
from shared.keys import KeySet
from shared.problems import NotFound

log = structlog.get_logger()

#: Alone while it looks which rulebook is the newest.
_LOCK = 0x48_75_52_62
RULEBOOKS = Attested(
    kind="rulebook",
    table="rulebooks",
    event="rulebook.forged",
    columns=("id", "fingerprint", "adopted_at"),
    more=("files",),
)
_COLUMNS = f"{RULEBOOKS.selected}, files"


class ForgedRulebook(Exception):
    """A rulebook that this hub did not adopt so."""


def fingerprint_of(profiles: Profiles) -> str:
    """SHA-256 (hex) of the files that the profiles were read from, names and order included."""
    return _hashed([[name, content.decode()] for name, content in profiles.files])


def _hashed(files: Sequence[Any]) -> str:
    return hashlib.sha256(orjson.dumps(files)).hexdigest()


async def adopt(
    connection: "asyncpg.Connection[Any]", keys: KeySet, profiles: Profiles, now: datetime
) -> str:
    """Keep these rules, unless they are the newest that are kept; their fingerprint."""
    fingerprint = fingerprint_of(profiles)
    newest = "SELECT fingerprint FROM rulebooks ORDER BY adopted_at DESC, id DESC LIMIT 1"
    if await connection.fetchval(newest) == fingerprint:
        return fingerprint
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    if await connection.fetchval(newest) != fingerprint:
        made = {"id": uuid7(), "fingerprint": fingerprint, "adopted_at": now}
        await connection.execute(
            f"INSERT INTO rulebooks ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5)",
            *made.values(),
            RULEBOOKS.mac(keys, made),
            orjson.dumps([[name, text.decode()] for name, text in profiles.files]).decode(),
        )
    return fingerprint


async def known_at(
    connection: "asyncpg.Connection[Any]", keys: KeySet, instant: datetime
) -> str | None:
    """The fingerprint of the rules that the hub went by at an instant; before the first that are kept, theirs."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM rulebooks WHERE adopted_at <= $1"
        " ORDER BY adopted_at DESC, id DESC LIMIT 1",
        instant,
    ) or await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM rulebooks ORDER BY adopted_at, id LIMIT 1"
    )
    if row is None:
        return None
    if not RULEBOOKS.authentic(keys, row):
        raise ForgedRulebook(str(row["id"]))
    fingerprint: str = row["fingerprint"]
    return fingerprint


async def as_adopted(
    connection: "asyncpg.Connection[Any]",
    keys: KeySet,
    present: Profiles,
    instants: Iterable[datetime],
) -> dict[datetime, Profiles]:
    """By instant, the rules that the hub went by then, as ``known_at`` has it; the ``present`` ones while none are kept.

    What was decided under a rule is read by these: a text that was amended since, and dated back, makes nothing else of it.
    """
    kept = await connection.fetch(
        "SELECT id, fingerprint, adopted_at, mac FROM rulebooks ORDER BY adopted_at, id"
    )
    if forged := [row for row in kept if not RULEBOOKS.authentic(keys, row)]:
        raise ForgedRulebook(str(forged[0]["id"]))
    if not kept:
        return dict.fromkeys(instants, present)
    begins = [row["adopted_at"] for row in kept]
    held = {at: max(bisect_right(begins, at) - 1, 0) for at in instants}
    found = {one: await _first_read(connection, kept[one:], present) for one in {*held.values()}}
    return {at: found[one] for at, one in held.items()}


async def _first_read(
    connection: "asyncpg.Connection[Any]", kept: Sequence[Any], present: Profiles
) -> Profiles:
    """The first of these rulebooks that this release understands; the ``present`` rules where it understands none."""
    for row in kept:
        try:
            return await of_fingerprint(connection, row["fingerprint"], present)
        except ProfileError as fault:
            log.error("rulebook.unreadable", id=str(row["id"]), why=str(fault))
    return present


async def of_fingerprint(
    connection: "asyncpg.Connection[Any]", fingerprint: str, present: Profiles | None = None
) -> Profiles:
    """The rules of this fingerprint, which may be those of the ``present``; NotFound where none are kept, ProfileError where
    this release does not understand them."""
    if present is not None and fingerprint_of(present) == fingerprint:
        return present
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM rulebooks WHERE fingerprint = $1 ORDER BY adopted_at LIMIT 1",
        fingerprint,
    )
    if row is None:
        raise NotFound
    return _read(row)


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every rulebook that this hub did not adopt so."""
    async for row in RULEBOOKS.rows(session):
        if not RULEBOOKS.stands(keys, row) or _hashed(row["files"]) != row["fingerprint"]:
            yield RULEBOOKS.fault(row)


def _read(row: Any) -> Profiles:
    """Profiles of a kept rulebook; ForgedRulebook where the files are not those of its fingerprint."""
    files = tuple((str(name), str(text)) for name, text in row["files"])
    if _hashed([list(one) for one in files]) != row["fingerprint"]:
        raise ForgedRulebook(str(row["id"]))
    loaded = _loaded(files)
    if isinstance(loaded, ProfileError):
        raise ProfileError(loaded.file, loaded.key, loaded.why)
    return loaded


@lru_cache(maxsize=8)
def _loaded(files: tuple[tuple[str, str], ...]) -> Profiles | ProfileError:
    try:
        return Profiles.read((name, text.encode()) for name, text in files)
    except ProfileError as fault:
        return fault
