"""Reading: from the acts of people to handovers; pure.

Acts that cannot follow one another change nothing: whoever is responsible is told by those that can.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from services.registry.handovers.owning import Handover
from services.registry.handovers.terms import HandoverActKind as Act
from services.registry.handovers.terms import HandoverSide
from services.registry.handovers.terms import HandoverState as State
from shared.clock import SHANGHAI
from shared.vocabulary import Department


def handovers_of(acts: Iterable[Any]) -> tuple[Handover, ...]:
    """The handovers that rows of ``handover_acts`` make, each begun by its proposal."""
    every = sorted(acts, key=lambda a: (a["handover_id"].int, a["number"]))
    groups = (list(of) for _, of in groupby(every, key=lambda a: a["handover_id"]))
    made = (_of(group) for group in groups)
    return tuple(sorted((one for one in made if one is not None), key=lambda h: h.order))


def _of(acts: Sequence[Any]) -> Handover | None:
    first, *others = acts
    if first["kind"] != Act.PROPOSE:
        return None
    made = Handover(
        first["handover_id"],
        first["giving"],
        first["taking"],
        HandoverSide(first["side"]),
        first["acted_at"],
        offered=first["department"] == Department.HUB,
    )
    for act in others:
        made = _after(made, act)
    return made


def _after(one: Handover, act: Any) -> Handover:
    if one.ended is not None:
        return one
    if act["kind"] == Act.ACCEPT and one.effective_on is None:
        return replace(one, effective_on=act["effective_on"], accepted_at=act["acted_at"])
    if act["kind"] == Act.REJECT and one.effective_on is None:
        return replace(one, ended=State.REJECTED)
    if act["kind"] == Act.REVOKE:
        day = act["acted_at"].astimezone(SHANGHAI).date()
        if one.effective_on is None or day < one.effective_on:
            return replace(one, ended=State.REVOKED)
    return one
