"""Following up (后续权益, R5): what goes on past sixteen for a child because it is in a compartment.

A list of whom to prompt would tell what the compartment hides, so that it is told here alone: to who asks about one child and
reads the compartment's content.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.matrix import open_groups
from services.registry.children import queries as children
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.children.state import facts_of
from services.registry.compartments.reading import Entry
from services.registry.compartments.sharing import Right
from services.registry.compartments.terms import Compartment, CompartmentEntryState
from services.registry.follow_ups.marking import behind
from shared.auth import Caller
from shared.clock import SHANGHAI


async def of_child(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    compartment: Compartment,
    entries: Sequence[Entry],
    now: datetime,
) -> list[dict[str, Any]]:
    """The marks of the child of these entries, as far as one of them is open to the caller and it may read statuses."""
    inside = [
        entry
        for entry in entries
        if entry.standing.state == CompartmentEntryState.OPEN and entry.right >= Right.CONTENT
    ]
    if not inside or "status" not in open_groups(caller.department, caller.purpose):
        return []
    found = []
    for row in await children.visible(session, caller, [inside[0].child]):
        facts = facts_of(open_state(kit.sealer, row))
        day = now.astimezone(SHANGHAI).date()
        marks = behind(str(compartment), facts, kit.profiles, day)
        found = [
            {name: said for name, said in asdict(one).items() if name != "group"} for one in marks
        ]
    return found
