"""Proving: every entry and act of a compartment opens, and an entry stands as its acts make it."""

from typing import Any

from services.registry.compartments.authenticity import level_of, words_of
from services.registry.compartments.standing import Done, after, begun
from services.registry.compartments.terms import Compartment, CompartmentEntryAct
from shared.sealing import Sealer, Unsealable

ENTRIES = (
    "SELECT r.*, k.master, k.wrapped, s.kinds, s.times, s.urgencies FROM compartment_entries r"
    " LEFT JOIN vault.data_keys k ON k.id = r.id CROSS JOIN LATERAL"
    " (SELECT coalesce(array_agg(a.kind ORDER BY a.number), '{}') AS kinds,"
    "  coalesce(array_agg(a.acted_at ORDER BY a.number), '{}') AS times,"
    "  coalesce(array_agg(a.urgent ORDER BY a.number), '{}') AS urgencies"
    "  FROM compartment_acts a WHERE a.entry_id = r.id) s"
)
ACTS = (
    "SELECT r.*, k.master, k.wrapped FROM compartment_acts r"
    " LEFT JOIN vault.data_keys k ON k.id = r.id"
)


def entry(sealer: Sealer, row: Any) -> None:
    """Unsealable or ValueError when it was changed, or is not what its acts make of it."""
    Compartment(row["compartment"])
    level, _ = level_of(sealer, row), words_of(sealer, row)
    acts = [
        Done(CompartmentEntryAct(kind), at, urgent)
        for kind, at, urgent in zip(row["kinds"], row["times"], row["urgencies"], strict=True)
    ]
    standing = after(begun(row["opened_at"], level, row["urgent"]), acts)
    kept = (row["state"], row["waiting_since"], row["version"])
    if kept != (standing.state, standing.waiting_since, len(acts) + 1):
        raise Unsealable("it is not what its acts make of it")


def act(sealer: Sealer, row: Any) -> None:
    """Unsealable when it was changed."""
    level_of(sealer, row)
    words_of(sealer, row)
