"""Previewing a model: every group that it would change is clustered afresh, on a snapshot and without a lock."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.sealing import Strongroom
from services.matching.keyings import queries as keyings
from services.matching.keyings.following import Keys
from services.matching.keyings.keying import Keying
from services.matching.keyings.queries import Regime
from services.matching.links import queries as links
from services.matching.links.linker import Linker
from services.matching.links.neighbourhood import Neighbourhood
from services.matching.links.queries import Connection
from services.matching.models import activating
from services.matching.previews import queries
from services.matching.previews.changes import Changes, surveyed
from services.matching.previews.grouping import groups, in_order
from services.matching.previews.queries import StoredPreview
from services.matching.previews.resembling import Survey, survey
from shared.clock import Clock
from shared.database import SYSTEM, Database, raw
from shared.ids import uuid7

Step = Callable[[str, int], None]
"""Hears what is being looked at, and how many there are."""


class CannotPreview(Exception):
    """Why there can be no preview now; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Previewed:
    preview: StoredPreview
    changes: Changes
    persons: int


async def preview(
    database: Database,
    keys: Keys,
    rule_version: str,
    clock: Clock,
    step: Step = lambda _what, _count: None,
) -> Previewed:
    """What the registered model would change. CannotPreview while persons are being rekeyed; NotFound
    for a model that is not registered.
    """
    async with database.snapshot(SYSTEM) as session:
        connection = await raw(session)
        regime = settled(await keyings.regime(connection))
        linker = await linker_by(session, keys, rule_version, regime, clock)
        link_seq = await links.last_link_seq(connection)
        await connection.execute("SET LOCAL work_mem = '64MB'")
        step("persons", 0)
        found = await survey(connection, linker, same_rules=_same_rules(linker, regime))
        wanted = _groups(found)
        step("groups", len(wanted))
        await connection.execute("SET LOCAL enable_seqscan = off")
        changes, changing = Changes(), []
        for group in wanted:
            if await _changes(connection, linker, group, link_seq + 1, changes):
                changing.append(group)
    made = StoredPreview(
        uuid7(),
        rule_version,
        clock.now(),
        link_seq,
        changes.digest,
        changes.as_json() | {"persons": len(changes.persons)},
        None,
    )
    async with database.transaction(SYSTEM) as session:
        await queries.store(await raw(session), made, changing)
    return Previewed(made, changes, found.persons)


def settled(regime: Regime | None) -> Regime:
    if regime is None:
        raise CannotPreview("nothing was ever linked")
    if not regime.is_settled:
        raise CannotPreview("persons are being rekeyed: finish it with hutong linkage rekey")
    return regime


async def linker_by(
    session: AsyncSession, keys: Keys, rule_version: str, regime: Regime, clock: Clock
) -> Linker:
    """A linker by the model, whose keying is the current one where the blocking rules are the same."""
    effective = await activating.registered(session, rule_version, keys.master)
    current = regime.current
    keying = Keying(current.number, current.index_key, effective.model.blocking, is_current=True)
    if set(keying.rules) != set(current.rules):
        keying = Keying(current.number + 1, current.index_key, keying.rules, is_current=True)
    strongroom = Strongroom(keys.master, keys.index, effective.model, (keying,))
    return Linker(effective.model, strongroom, clock, effective.frequency)


def _same_rules(linker: Linker, regime: Regime) -> bool:
    return set(linker.model.blocking) == set(regime.current.rules)


def _groups(found: Survey) -> list[frozenset[UUID]]:
    tied = groups(found.ties, found.sizes)
    grouped = {person for group in tied for person in group}
    return in_order([*tied, *({person} for person in found.unsteady if person not in grouped)])


async def _changes(
    connection: Connection, linker: Linker, group: frozenset[UUID], again: int, changes: Changes
) -> bool:
    near = Neighbourhood(connection, linker)
    await surveyed(near, group)
    outcome = near.decide(group, again)
    return changes.add(outcome, await near.review_changes(outcome), group)
