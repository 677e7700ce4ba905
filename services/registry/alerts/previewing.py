"""Previewing: how many alerts a rule would raise in an area before anybody activates it.

The children are judged from their gists under the place's rules of today, with the one rule changed.  Nothing is written, and no
child is named: what comes out is a count, and one of one to four is not told.
"""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.alerts.finding import FINDERS
from services.registry.alerts.rules import Stretch, rule_of
from services.registry.alerts.schemas import AlertRulePreviewIn, AlertRulePreviewOut
from services.registry.alerts.watching import Watched, by_kind, counties_on
from services.registry.children.building import open_reading
from services.registry.children.gist import Reading
from services.registry.children.kit import Kit
from services.registry.duties.assigning import assign
from services.registry.duties.standing import Home
from services.registry.left_behind.standing import stand
from services.registry.profiles.families.alerts import AlertRule
from services.registry.status.deciding import decide
from shared.auth import Caller
from shared.database import raw
from shared.sealing import Unsealable

#: So many children are looked at in one call.
MOST_CHILDREN = 5000
#: Children judged in one go while other requests wait.
PAGE = 100
FEWEST = 5

_PAGE = (
    "SELECT c.id, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.residence_stated_by, c.hukou_stated_by,"
    " c.status, c.next_change_on, c.shielded, c.entries, c.sealed, c.gist, v.master, v.wrapped FROM children c"
    " CROSS JOIN LATERAL (SELECT v.master, v.wrapped FROM vault.data_keys v WHERE v.id = c.id OFFSET 0) v"
    " WHERE c.residence_code BETWEEN $1 AND $2 AND (c.residence_code, c.id) > ($3, $4)"
    " ORDER BY c.residence_code, c.id LIMIT $5"
)


async def preview(
    session: AsyncSession, kit: Kit, caller: Caller, asked: AlertRulePreviewIn, day: date
) -> AlertRulePreviewOut:
    """The counts over the caller's area."""
    connection = await raw(session)
    after: tuple[int, UUID] = (-1, UUID(int=0))
    looked = alerts = alerted = 0
    complete = False
    while looked < MOST_CHILDREN:
        rows = await connection.fetch(_PAGE, caller.grant.low, caller.grant.high, *after, PAGE)
        for row in rows:
            looked += 1
            found = _would_raise(kit, row, asked, day)
            alerts += found
            alerted += found > 0
        if len(rows) < PAGE:
            complete = True
            break
        after = rows[-1]["residence_code"], rows[-1]["id"]
    return AlertRulePreviewOut(
        kind=asked.kind,
        children=looked,
        alerts=masked(alerts),
        children_alerted=masked(alerted),
        complete=complete,
    )


def masked(count: int) -> int | None:
    return None if 0 < count < FEWEST else count


def _would_raise(kit: Kit, row: Any, asked: AlertRulePreviewIn, day: date) -> int:
    try:
        reading, _ = open_reading(kit.sealer, row)
    except Unsealable:  # folded by an earlier release: it is judged with its next fold
        return 0
    return would_raise(kit, reading, asked, day)


def would_raise(kit: Kit, reading: Reading, asked: AlertRulePreviewIn, day: date) -> int:
    """How many alerts of a child would wait on ``day`` if the rule held from then on."""
    folded, here = reading.folded, reading.folded.residing.now
    profile = kit.profiles.for_division(here.code, day) if here else None
    rule = _rule(
        rule_of(profile, asked.kind.value, day) or rule_of(None, asked.kind.value, day), asked
    )
    if rule is None:
        return 0
    decision = decide(folded.facts(), profile, day)
    owed = assign(kit.entries.key, UUID(int=0), folded, decision, (), kit.profiles, day)
    homes = (Home(here.since, profile),) if here else ()
    counties = counties_on(folded, kit.profiles, day)
    live = [one.entry_id for one in reading.held]
    left = stand(folded, live, (), kit.profiles, day)
    spells = left.spells if left else ()
    told = by_kind(folded.signals)
    watched = Watched(folded, homes, decision, owed.rows, (), told, *counties, spells)
    stretch = Stretch(date.min, None, rule, profile)
    causes = {
        spell.cause
        for spell in FINDERS[asked.kind.value](watched, stretch, day)
        if spell.begins <= day and (spell.ended is None or spell.ended > day)
    }
    return len(causes)


def _rule(rule: AlertRule | None, asked: AlertRulePreviewIn) -> AlertRule | None:
    given = {k: v for k in ("days", "months", "known_by") if (v := getattr(asked, k)) is not None}
    return replace(rule, **given) if rule is not None else None
