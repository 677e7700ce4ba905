"""Heeding: what the fold keeps for alerts beside the signals of single records: contradictions, days heard, first knowledge."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from services.registry.children.belonging import Belonging
from services.registry.children.claims import Claims
from services.registry.children.residing import Residing
from services.registry.records.models import RECALL
from services.registry.records.vault import Opened
from services.registry.signals.reading import BILL, Dispute, Signal
from shared.clock import SHANGHAI

#: Fields of which every child has one value alone, so that two mean that a source is wrong.
DISPUTED = ("birth_on", "id_number", "sex")


def first_known(told: Sequence[Signal], records: Sequence[Opened]) -> list[Signal]:
    """The signals, bills known since their first version: a correction begins no new clock."""
    bills = {one.entry for one in told if one.kind == BILL}
    if not bills:
        return list(told)
    first: dict[Any, date] = {}
    for record in records:
        entry, known = record.plain.entry_id, day_of(record.plain.received_at)
        if entry in bills and record.plain.kind != RECALL:
            first[entry] = min(known, first.get(entry, known))
    return [s._replace(known=first[s.entry]) if s.kind == BILL else s for s in told]


def day_of(instant: datetime) -> date:
    return instant.astimezone(SHANGHAI).date()


def heard_on(kept: Sequence[Opened]) -> tuple[date, ...]:
    return tuple(sorted({min(r.plain.observed_on, day_of(r.plain.received_at)) for r in kept}))


def disputes(
    claims: Sequence[Claims], residing: Residing, belonging: Belonging
) -> Iterator[Dispute]:
    """What sources contradict each other about, each with the day on which the second of them came in."""
    for field in DISPUTED:
        first_known: dict[str, date] = {}
        for one in (o for c in claims for o in c.observations if o.field == field):
            known = day_of(one.source.received_at)
            first_known[one.value] = min(known, first_known.get(one.value, known))
        if len(first_known) > 1:
            yield Dispute(field, sorted(first_known.values())[1])
    for matter, others in (
        ("residence", residing.unconfirmed),
        ("hukou", belonging.unconfirmed),
    ):
        if others:
            yield Dispute(matter, min(day_of(o.source.received_at) for o in others))
