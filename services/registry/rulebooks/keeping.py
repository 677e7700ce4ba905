"""Keeping: rulebooks as they stand in the database, and what of them can be proven.

What is read back is checked: the files against their hash, the instant of their adoption against a MAC whose key lies outside
the database.  One that the hub did not write so is passed over, and named in the log: the hub goes by those that it can prove.
That one is missing is found by the audit trail, which is told of each (ADR 0030).
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import orjson
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.profiles import ProfileError, Profiles
from shared.authenticity import Attested
from shared.database import raw
from shared.keys import KeySet
from shared.problems import Conflict

log = structlog.get_logger()

RULEBOOKS = Attested(
    kind="rulebook",
    table="rulebooks",
    event="rulebook.forged",
    columns=("id", "fingerprint", "adopted_at"),
    more=("files",),
)
COLUMNS = f"{RULEBOOKS.selected}, files"
#: What the trail calls an adoption.
OPERATION = "rulebooks.adopt"
#: So many sets of rules are held at hand.
_AT_HAND = 64
_MISSED = (
    f"SELECT a.detail ->> 'rulebook' AS id FROM audit_entries a WHERE a.client = 'hutong' AND a.operation = '{OPERATION}'"
    " AND NOT EXISTS (SELECT 1 FROM rulebooks b WHERE b.id::text = a.detail ->> 'rulebook') ORDER BY 1"
)


class UnprovenRules(Conflict):
    type = "rules-not-provable"
    title = "The rules of then cannot be proven; the log names the rulebook"
    title_zh = "当时的规则文本无法验证，须由管理员核查"


class UnreadableRules(Conflict):
    type = "rules-not-readable"
    title = "This release does not understand the rules of then"
    title_zh = "当前版本无法解读当时的规则文本"


def fingerprint_of(profiles: Profiles) -> str:
    """SHA-256 (hex) of the files that the profiles were read from, names and order included."""
    return hashed([[name, content.decode()] for name, content in profiles.files])


def hashed(files: Sequence[Any]) -> str:
    return hashlib.sha256(orjson.dumps(files)).hexdigest()


async def provable(connection: "asyncpg.Connection[Any]", keys: KeySet) -> list[Any]:
    """The rulebooks that this hub adopted, in order, without their files."""
    rows = await connection.fetch(
        "SELECT id, fingerprint, adopted_at, mac FROM rulebooks ORDER BY adopted_at, id"
    )
    return [row for row in rows if RULEBOOKS.authentic(keys, row)]


async def content(
    connection: "asyncpg.Connection[Any]", fingerprint: str, present: Profiles | None = None
) -> Profiles | None:
    """The rules of this fingerprint, which may be those of the ``present``; None where nothing is kept under it.

    UnprovenRules where the files kept under it are others, UnreadableRules where this release does not understand them.
    """
    if present is not None and fingerprint_of(present) == fingerprint:
        return present
    if fingerprint not in _read:
        rows = await connection.fetch(
            "SELECT id, files FROM rulebooks WHERE fingerprint = $1 ORDER BY adopted_at",
            fingerprint,
        )
        if not rows:
            return None
        whole = next((row for row in rows if stands(row["files"], fingerprint)), None)
        if whole is None:
            log.error(RULEBOOKS.event, table=RULEBOOKS.table, id=str(rows[0]["id"]))
            raise UnprovenRules
        if len(_read) >= _AT_HAND:
            _read.clear()
        _read[fingerprint] = _understood(whole)
    found = _read[fingerprint]
    if found is None:
        raise UnreadableRules
    return found


#: By fingerprint, so that nothing kept here can be another's; None is one that this release does not understand.
_read: dict[str, Profiles | None] = {}


def _understood(row: Any) -> Profiles | None:
    try:
        return Profiles.read((name, text.encode()) for name, text in row["files"])
    except ProfileError as fault:
        log.error("rulebook.unreadable", id=str(row["id"]), why=str(fault))
        return None


def stands(files: Any, fingerprint: str) -> bool:
    """Whether these are names and contents of files, and those of the fingerprint."""
    return (
        isinstance(files, list)
        and all(
            isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)
            for one in files
        )
        and hashed(files) == fingerprint
    )


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every rulebook that this hub did not adopt so, and every one that is missing."""
    async for row in RULEBOOKS.rows(session):
        if not RULEBOOKS.stands(keys, row) or not stands(row["files"], row["fingerprint"]):
            yield RULEBOOKS.fault(row)
    connection = await raw(session)
    for row in await connection.fetch(_MISSED):
        yield f"rulebook {row['id']} was taken away"
