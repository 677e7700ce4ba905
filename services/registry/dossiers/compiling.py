"""Compiling: one child's file as one caller sees it, in order of days, each event once."""

from datetime import datetime
from typing import Any

from services.registry.children.building import open_state
from services.registry.dossiers import alerts, guardianship, handovers, life, settled, telling
from services.registry.dossiers.events import Event
from services.registry.dossiers.reader import Reader


async def compile_events(reader: Reader, row: Any) -> tuple[list[Event], datetime | None]:
    """Every event that is open to the reader; ``row`` is the child's, with its data key, or its past one.

    And the instant before which nothing settled is among them (``settled``); None where nothing was left out.
    """
    kit, groups, child, shielded = reader.kit, reader.groups, reader.child, row["shielded"]
    key, state = kit.entries.key, open_state(kit.sealer, row)
    ended, incomplete_before = await settled.settled(reader)
    visits = life.visits(key, child, state, groups, shielded)
    events = [
        *life.stays(key, child, state, groups, shielded),
        *life.hukou(key, child, state, groups, shielded),
        *visits.values(),
        *await telling.records(reader, visits.keys()),
        *await telling.decided(reader),
        *ended,
        *await telling.owed(reader),
        *await telling.worked_on(reader),
        *await telling.doubted(reader),
        *await telling.looked_up(reader),
        *await telling.announced(reader),
        *await guardianship.assessed(reader),
        *await guardianship.placed(reader),
        *await alerts.alerted(reader),
        *await handovers.handed(reader),
    ]
    if "status" in groups:
        events += life.statuses(key, child, state, kit.profiles, reader.day)
    once = {event.id: event for event in events}
    return sorted(once.values(), key=lambda event: event.position), incomplete_before
