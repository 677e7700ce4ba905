"""Keyings and the regime in the database."""

from dataclasses import dataclass
from datetime import datetime

from services.matching.keyings.keying import Keying
from services.matching.links.queries import REGIME_LOCK, Connection, lock_linker


@dataclass(frozen=True, slots=True)
class Regime:
    """What everybody links by: ``activation`` is the number of the active model's activation."""

    activation: int
    keyings: tuple[Keying, ...]

    @property
    def current(self) -> Keying:
        return next(keying for keying in self.keyings if keying.is_current)

    @property
    def is_settled(self) -> bool:
        """Whether no keying is on its way in or out."""
        return len(self.keyings) == 1


async def regime(connection: Connection) -> Regime | None:
    """The regime in force; None before anybody linked. Read it under the linker's lock, or in a look-up."""
    rows = await connection.fetch(
        "SELECT (SELECT coalesce(max(activation), 0) FROM activations), keying, index_key, rules,"
        " is_current FROM keyings WHERE retired_at IS NULL ORDER BY keying"
    )
    if not rows:
        return None
    keyings = (Keying(row[1], row[2], tuple(row[3]), row[4]) for row in rows)
    return Regime(rows[0][0], tuple(keyings))


async def hold(connection: Connection) -> None:
    """Wait until nobody links or looks up; nobody does before this transaction ends."""
    await lock_linker(connection)
    await connection.execute(f"SELECT pg_advisory_xact_lock({REGIME_LOCK})")


async def begin(connection: Connection, index_key: int, rules: list[str], now: datetime) -> None:
    """Make the first keying, unless somebody else just did."""
    await connection.execute(
        "INSERT INTO keyings (keying, index_key, rules, is_current, made_at)"
        " VALUES (1, $1, $2, true, $3) ON CONFLICT DO NOTHING",
        index_key,
        rules,
        now,
    )


async def add(connection: Connection, index_key: int, rules: list[str], now: datetime) -> int:
    """Make a keying that is looked under and not posted under yet; its number."""
    number: int = await connection.fetchval(
        "INSERT INTO keyings (keying, index_key, rules, is_current, made_at)"
        " SELECT max(keying) + 1, $1, $2, false, $3 FROM keyings RETURNING keying",
        index_key,
        rules,
        now,
    )
    return number


async def make_current(connection: Connection, keying: int) -> None:
    await connection.execute("UPDATE keyings SET is_current = false WHERE is_current")
    await connection.execute("UPDATE keyings SET is_current = true WHERE keying = $1", keying)


async def retire_others(connection: Connection, keying: int, now: datetime) -> None:
    await connection.execute(
        "UPDATE keyings SET retired_at = $2 WHERE keying <> $1 AND retired_at IS NULL", keying, now
    )
