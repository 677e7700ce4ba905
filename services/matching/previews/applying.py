"""Applying a preview: its changes and the model's activation in one transaction, or nothing."""

from uuid import UUID

from services.matching.keyings import queries as keyings
from services.matching.keyings.following import Keys
from services.matching.links import queries as links
from services.matching.links.neighbourhood import Neighbourhood
from services.matching.models import activating
from services.matching.previews import queries
from services.matching.previews.changes import Changes, surveyed
from services.matching.previews.previewing import linker_by, settled
from shared.clock import Clock
from shared.database import SYSTEM, Database, raw


class CannotApply(Exception):
    """Why the preview does not hold any more; nothing was changed."""


async def apply(
    database: Database, keys: Keys, rule_version: str, preview: UUID, clock: Clock
) -> Changes:
    """Make the previewed changes. From the next batch on, every process links by the model.

    Linking waits meanwhile: some ten milliseconds a group. Where the model blocks by other rules, persons are
    then rewritten (keyings/rekeying.py) and found by both until that is done.
    """
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await keyings.hold(connection)
        found = await queries.find(connection, preview)
        if found is None or found.rule_version != rule_version:
            raise CannotApply("this is no preview of this model")
        if found.applied_at is not None:
            raise CannotApply("this preview was applied before")
        regime = settled(await keyings.regime(connection))
        if await links.last_link_seq(connection) != found.link_seq:
            raise CannotApply("links have moved since: make a new preview")
        linker = await linker_by(session, keys, rule_version, regime, clock)
        if linker.strongroom.keying != regime.current.number:
            rules = list(linker.model.blocking)
            number = await keyings.add(connection, regime.current.index_key, rules, clock.now())
            await keyings.make_current(connection, number)
        changes = Changes()
        for group in await queries.groups_of(connection, preview):
            near = Neighbourhood(connection, linker)
            await surveyed(near, group)
            outcome = near.decide(group, found.link_seq + 1)
            changes.add(outcome, await near.review_changes(outcome), group)
            await near.store(outcome)
        if changes.digest != found.digest:
            raise CannotApply("rulings or reviews have changed since: make a new preview")
        await activating.activate(session, rule_version, clock.now())
        await queries.mark_applied(connection, preview, clock.now())
    return changes
