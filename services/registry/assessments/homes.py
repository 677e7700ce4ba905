"""Homes: where a child lived when it was assessed, as the hub knew it then.

So that neither a move since then nor who was outvoted since calls on another place's text.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.children.folding import current, fold_current
from services.registry.children.kit import Kit
from services.registry.past import gathering
from services.registry.status.facts import Episode
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw

#: By the assessment's id; None where nobody can tell.
Homes = Mapping[UUID, int | None]


async def homes_of(
    session: AsyncSession, kit: Kit, caller: Caller, assessments: Sequence[Any]
) -> Homes:
    """Where the child of each assessment lived on its day.  Of a child whose records do not open, nowhere."""
    found: dict[UUID, int | None] = {}
    async with as_system(session, caller):
        connection = await raw(session)
        for row in assessments:
            child, at = row["child_id"], row["made_at"]
            known = (await gathering.known(connection, kit, [child], at, set())).get(child)
            if known is None:
                continue
            made_on, live = at.astimezone(SHANGHAI).date(), current(known.records)
            folded = fold_current(live, known.records, made_on, row["rules"].then.in_line)
            found[row["id"]] = home_on(folded.facts().episodes, row["assessed_on"])
    return found


def home_on(episodes: Sequence[Episode], day: date) -> int | None:
    """The home on a day; before any is known the first one.  None once the last stay had ended."""
    homes = sorted(episodes, key=lambda one: one.since)
    if not homes:
        return None
    home = next((one for one in reversed(homes) if one.since <= day), homes[0])
    return None if home.until is not None and home.until < day else home.code
