"""Authenticity of acts: the sealed note of each binds its columns, under a data key that the master key wraps.

Whoever can write to the database alone can make no act that opens; and what does not open hands nothing over.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import structlog

from services.registry.children.kit import Kit
from services.registry.handovers.owning import carried
from services.registry.handovers.reading import handovers_of
from shared.sealing import Sealer, Unsealable, binding_of

log = structlog.get_logger()


def bound(row: Any) -> bytes:
    """The plain columns of an act, bound to its sealed note: sealed also where the note is empty."""
    return binding_of(
        row,
        "id",
        "handover_id",
        "number",
        "child_id",
        "anchor",
        "kind",
        "side",
        "giving",
        "taking",
        "effective_on",
        "reason",
        "client",
        "department",
        "actor",
        "acted_at",
    )


def note_of(sealer: Sealer, row: Any) -> str:
    """The note of a ``handover_acts`` row joined with its data key; Unsealable when anything bound was changed."""
    return sealer.open(row, bound(row)).decode()


def stands_for(kit: Kit, row: Any, acts: Sequence[Any], day: date) -> bool:
    """Whether a row of ``handovers``, which the fold wrote or somebody else, is of these acts, and they of people.

    Acts name the counties by the codes of their day, the row by those of ``day``, or of the day before until it was folded.
    """
    try:
        for act in acts:
            note_of(kit.sealer, act)
    except Unsealable:
        log.error("handover.forged", handover=str(row["id"]))
        return False
    made = handovers_of(acts)
    said = [(str(h.proposed_by), h.effective_on) for h in made]
    stored = (row["side"], row["effective_on"])
    named = all(
        row[side] in (code, carried(code, day, kit.profiles.code_on))
        for h in made
        for side, code in (("giving", h.giving), ("taking", h.taking))
    )
    if named and len(acts) == row["acts"] and said == ([stored] if acts else []):
        return True
    log.error("handover.forged", handover=str(row["id"]))
    return False
