"""Proving: every sealed row of the registry opens, and every data key opens something.

Plain columns are bound to what is sealed beside them, so a row of which one byte was changed does not open.  A row
without a key is as it should be only where an erasure destroyed the key; a key without a row means that the row was
removed, or its id changed.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from services.registry.alerts import authenticity as alerts
from services.registry.assessments import authenticity as guardianship
from services.registry.break_glass import reviewing
from services.registry.cases import authenticity as cases
from services.registry.cases.demanding import demands
from services.registry.cases.stepping import Done, owed_since, state_of
from services.registry.cases.terms import CaseActKind, CaseKind, CaseOutcome
from services.registry.compartments import proving as compartments
from services.registry.handovers import authenticity as handovers
from services.registry.key_care import deciding
from services.registry.records.vault import SELECT as RECORDS
from services.registry.records.vault import open_row
from shared.database import SYSTEM, Database, raw
from shared.sealing import Sealer, Unsealable

PAGE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not as it was written."""

    table: str
    id: UUID
    what: str


_ERASED_ENTRY = (
    "EXISTS (SELECT 1 FROM erased_entries e JOIN erasures x ON x.id = e.erasure_id"
    " WHERE e.entry_id = {entry} AND {at} <= x.erased_at)"
)
_ERASED_CHILD = (
    "EXISTS (SELECT 1 FROM erasures x WHERE x.child_id = {child} AND {at} <= x.erased_at)"
)
_REVIEW = ("verdict", "review_note", "review_client", "review_actor", "reviewed_at")


def _review_is_whole(row: Any) -> bool:
    return len({row[column] is None for column in _REVIEW}) == 1


def _opening(sealer: Sealer, row: Any) -> None:
    if not _review_is_whole(row):
        raise Unsealable("a review lacks a part")
    reviewing.shown(sealer, row)


def _case(sealer: Sealer, row: Any) -> None:
    words = cases.words_of(sealer, row)
    kind = CaseKind(row["kind"])
    acts = [CaseActKind(act) for act in row["acts"]]
    owed = owed_since(kind, row["opened_at"], zip(acts, row["times"], strict=True))
    kept = (row["state"], row["version"], row["waiting_since"])
    if kept != (state_of(kind, acts), len(acts) + 1, owed):
        raise Unsealable("it is not what its acts make of it")
    done = [
        Done(act, CaseOutcome(said) if said else None)
        for act, said in zip(acts, row["outcomes"], strict=True)
    ]
    if row["wrapped"] is not None and row["demanding"] != bool(demands(kind, words, done)):
        raise Unsealable("it does not ask for what is missing")


def _guardianship(table: str, whose: str) -> tuple[str, str, Callable[[Sealer, Any], object]]:
    """A table of it whose rows name child and anchor as ``whose`` (an SQL alias) does."""
    erased = (
        _ERASED_CHILD.format(child=f"{whose}.child_id", at="r.made_at")
        + " OR "
        + _ERASED_ENTRY.format(entry=f"{whose}.anchor", at="r.made_at")
    )
    if whose != "r":
        erased = f"EXISTS (SELECT 1 FROM placements {whose} WHERE {whose}.id = r.placement_id AND ({erased}))"
    select = (
        f"SELECT r.*, k.master, k.wrapped FROM {table} r LEFT JOIN vault.data_keys k ON k.id = r.id"
    )
    return select, erased, partial(guardianship.words_of, table)


_SEALED: Mapping[str, tuple[str, str, Callable[[Sealer, Any], object]]] = {
    "records": (
        RECORDS,
        _ERASED_ENTRY.format(entry="r.entry_id", at="r.received_at"),
        open_row,
    ),
    "decisions": (
        "SELECT r.*, k.master, k.wrapped FROM decisions r LEFT JOIN vault.data_keys k ON k.id = r.id",
        _ERASED_ENTRY.format(entry="ANY(r.anchor || r.basis)", at="r.decided_at")
        + " OR "
        + _ERASED_CHILD.format(child="r.child_id", at="r.decided_at"),
        deciding.note_of,
    ),
    "cases": (
        (
            "SELECT r.*, k.master, k.wrapped, s.acts, s.times, s.outcomes FROM cases r"
            " LEFT JOIN vault.data_keys k ON k.id = r.id CROSS JOIN LATERAL"
            " (SELECT coalesce(array_agg(a.kind ORDER BY a.number), '{}') AS acts,"
            "  coalesce(array_agg(a.acted_at ORDER BY a.number), '{}') AS times,"
            "  coalesce(array_agg(a.outcome ORDER BY a.number), '{}') AS outcomes FROM case_acts a"
            "  WHERE a.case_id = r.id) s"
        ),
        "r.child_id IS NOT NULL AND ("
        + _ERASED_CHILD.format(child="r.child_id", at="r.opened_at")
        + " OR "
        + _ERASED_ENTRY.format(entry="r.anchor", at="r.opened_at")
        + ")",
        _case,
    ),
    "case_acts": (
        "SELECT r.*, k.master, k.wrapped FROM case_acts r LEFT JOIN vault.data_keys k ON k.id = r.id",
        "EXISTS (SELECT 1 FROM cases c WHERE c.id = r.case_id AND ("
        + _ERASED_CHILD.format(child="c.child_id", at="r.acted_at")
        + " OR "
        + _ERASED_ENTRY.format(entry="c.anchor", at="r.acted_at")
        + "))",
        cases.note_of,
    ),
    "compartment_entries": (
        compartments.ENTRIES,
        _ERASED_CHILD.format(child="r.child_id", at="r.opened_at")
        + " OR "
        + _ERASED_ENTRY.format(entry="r.anchor", at="r.opened_at"),
        compartments.entry,
    ),
    "compartment_acts": (
        compartments.ACTS,
        "EXISTS (SELECT 1 FROM compartment_entries c WHERE c.id = r.entry_id AND ("
        + _ERASED_CHILD.format(child="c.child_id", at="r.acted_at")
        + " OR "
        + _ERASED_ENTRY.format(entry="c.anchor", at="r.acted_at")
        + "))",
        compartments.act,
    ),
    "assessments": _guardianship("assessments", "r"),
    "placements": _guardianship("placements", "r"),
    "placement_acts": _guardianship("placement_acts", "p"),
    "alert_acts": (
        "SELECT r.*, k.master, k.wrapped FROM alert_acts r LEFT JOIN vault.data_keys k ON k.id = r.id",
        _ERASED_ENTRY.format(entry="r.anchor", at="r.acted_at")
        + " OR "
        + _ERASED_CHILD.format(child="r.child_id", at="r.acted_at"),
        alerts.note_of,
    ),
    "handover_acts": (
        "SELECT r.*, k.master, k.wrapped FROM handover_acts r LEFT JOIN vault.data_keys k ON k.id = r.id",
        _ERASED_CHILD.format(child="r.child_id", at="r.acted_at")
        + " OR "
        + _ERASED_ENTRY.format(entry="r.anchor", at="r.acted_at"),
        handovers.note_of,
    ),
    "break_glass": (
        "SELECT r.*, k.master, k.wrapped FROM break_glass r LEFT JOIN vault.data_keys k ON k.id = r.id",
        _ERASED_CHILD.format(child="r.child_id", at="r.opened_at"),
        _opening,
    ),
}


async def sealed_rows(database: Database, sealer: Sealer) -> AsyncIterator[Difference]:
    """Records and what people did, as far as it is sealed, that was changed, or whose key is gone without an erasure."""
    for table, (select, erased, opener) in _SEALED.items():
        statement = (
            select.replace(" FROM ", f", {erased} AS erased FROM ", 1)
            + " WHERE r.id > $1 ORDER BY r.id LIMIT $2"
        )
        after = UUID(int=0)
        while True:
            async with database.transaction(SYSTEM) as session:
                rows = await (await raw(session)).fetch(statement, after, PAGE)
            for row in rows:
                if (what := _fault(sealer, row, opener)) is not None:
                    yield Difference(table, row["id"], what)
            if len(rows) < PAGE:
                break
            after = rows[-1]["id"]


def _fault(sealer: Sealer, row: Any, opener: Callable[[Sealer, Any], object]) -> str | None:
    if row["wrapped"] is None:
        return None if row["erased"] else "has lost its key"
    try:
        opener(sealer, row)
    except (Unsealable, ValueError):  # a value that its own type does not know was not written here
        return "was changed"
    return None


async def stray_keys(database: Database) -> AsyncIterator[Difference]:
    """Data keys that open nothing."""
    owners = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} o WHERE o.id = k.id)"
        for table in (*_SEALED, "children")
    )
    async with database.transaction(SYSTEM) as session:
        rows = await (await raw(session)).fetch(
            f"SELECT k.id FROM vault.data_keys k WHERE {owners} ORDER BY k.id"
        )
    for row in rows:
        yield Difference("data_keys", row["id"], "opens nothing")
