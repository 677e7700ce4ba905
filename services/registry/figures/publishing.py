"""Publishing: asking for a figure to be frozen, and counting what was asked for.

Whoever asks names the valid day; the known instant is the present unless an earlier one is named, and the rules are those
that the hub knew then.  A worker counts once that instant has settled, so that no record still under way is missing now and
there later.  Counting again for the same two times gives the same figure; counting for a later instant is a *revision*, a
row of its own beside the figure, which stays as it is.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.kit import Kit
from services.registry.figures.authenticity import FIGURES
from services.registry.figures.counting import METHOD, Question
from services.registry.figures.masking import DEFAULT_SMALLEST
from services.registry.figures.queries import SELECT
from services.registry.figures.tallying import tally
from services.registry.past.gathering import SETTLES_AFTER
from services.registry.rulebooks import adopting
from shared import leases
from shared.auth import Caller
from shared.clock import Clock
from shared.database import SYSTEM, Database, raw
from shared.ids import uuid7
from shared.leases import LeaseLost
from shared.problems import TooMany

log = structlog.get_logger()

#: Figures of one client that wait to be counted: each takes a core for minutes, and they are counted in turn.
MOST_WAITING = 20
#: Those that were tried in vain come last and hold up nobody, their client neither.
_WAITING = "SELECT count(*) FROM figures WHERE client = $1 AND computed_at IS NULL AND attempts < 3"
LEASE = "figures"
HOLDER = uuid4()
#: The lease is long enough for the slowest page, and renewed after each.
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """What a figure is asked of; ``revises`` names the publication that is counted again."""

    question: Question
    known_at: datetime
    revises: UUID | None = None


async def request(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    asked: Asked,
    smallest: int | None,
    now: datetime,
) -> UUID:
    """Keep the request; its id.  TooMany while ``MOST_WAITING`` of the client's figures have not been counted."""
    connection = await raw(session)
    waiting = await connection.fetchval(_WAITING, caller.client)
    if waiting >= MOST_WAITING:
        raise TooMany(headers={"Retry-After": "600"})
    current = await adopting.keep(connection, kit.audit, kit.profiles, now)
    then = await adopting.known_at(connection, kit.audit, asked.known_at)
    low, high = asked.question.area
    row: dict[str, Any] = {
        "id": uuid7(),
        "revises": asked.revises,
        "division": asked.question.division,
        "low": low,
        "high": high,
        "valid_on": asked.question.on,
        "known_at": asked.known_at,
        "pilot": asked.question.pilot,
        "rulebook": then or current,
        "method": METHOD,
        "smallest": smallest or DEFAULT_SMALLEST,
        "configured": smallest is not None,
        "client": caller.client,
        "department": str(caller.department),
        "actor": caller.actor,
        "requested_at": now,
        "computed_at": None,
        "counts": None,
    }
    await FIGURES.insert(connection, kit.audit, [row])
    made: UUID = row["id"]
    return made


async def count_next(database: Database, kit: Kit, clock: Clock) -> int:
    """Count the figure whose turn it is; how many.  One at a time in the whole hub: each takes a core for minutes."""
    async with database.transaction(SYSTEM) as session:
        lease = await leases.take(session, LEASE, HOLDER, SECONDS)
        if lease is None:
            return 0
        connection = await raw(session)
        row = await connection.fetchrow(
            f"{SELECT} WHERE computed_at IS NULL AND known_at <= $1 ORDER BY attempts, id LIMIT 1",
            clock.now() - SETTLES_AFTER,
        )
        if row is None:
            await leases.give_back(session, LEASE, HOLDER)
            return 0
        # What cannot be counted comes last from now on and holds up no other.
        await connection.execute(
            "UPDATE figures SET attempts = attempts + 1 WHERE id = $1", row["id"]
        )
    if not FIGURES.authentic(kit.audit, row):
        return 0

    async def renew() -> None:
        async with database.transaction(SYSTEM) as session:
            if await leases.take(session, LEASE, HOLDER, SECONDS) is None:
                raise LeaseLost(LEASE)

    counts = await counts_of(database, kit, row, renew)
    done: dict[str, Any] = {**row, "counts": counts, "computed_at": clock.now()}
    async with database.transaction(SYSTEM) as session:
        await leases.check(session, lease)
        await _keep(await raw(session), done, FIGURES.mac(kit.audit, done))
        await leases.give_back(session, LEASE, HOLDER)
    return 1


async def counts_of(database: Database, kit: Kit, row: Any, each_page: Any = None) -> Any:
    """What a figure's row comes to for its two times and by its rules, counted afresh from the records."""
    async with database.transaction(SYSTEM) as session:
        profiles = await adopting.of_fingerprint(await raw(session), row["rulebook"], kit.profiles)
    question = Question(row["division"], row["valid_on"], row["pilot"], row["method"])
    found = await tally(database, kit, profiles, question, row["known_at"], each_page)
    return found.as_json()


async def _keep(
    connection: "asyncpg.Connection[Any]", row: dict[str, Any], authenticated: bytes
) -> None:
    await connection.execute(
        "UPDATE figures SET computed_at = $2, counts = $3, mac = $4 WHERE id = $1 AND computed_at IS NULL",
        row["id"],
        row["computed_at"],
        orjson.dumps(row["counts"]).decode(),
        authenticated,
    )


def table_of(counts: Any) -> dict[int, dict[str, dict[str, int]]]:
    """The table of a figure from what is kept of it."""
    return {int(part): heads for part, heads in counts["parts"].items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that another known instant counts otherwise."""

    part: int
    breakdown: str
    answer: str
    frozen: int
    revised: int


def differences(frozen: Any, revised: Any) -> list[Difference]:
    """Every cell in which two countings of one figure differ, in order."""
    before, after = table_of(frozen), table_of(revised)
    cells = sorted(
        {
            (part, head, answer)
            for table in (before, after)
            for part, heads in table.items()
            for head, answers in heads.items()
            for answer in answers
        }
    )
    found = []
    for part, head, answer in cells:
        old = before.get(part, {}).get(head, {}).get(answer, 0)
        new = after.get(part, {}).get(head, {}).get(answer, 0)
        if old != new:
            found.append(Difference(part, head, answer, old, new))
    return found
