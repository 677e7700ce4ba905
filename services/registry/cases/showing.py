"""Showing cases, as those see them who have to do with them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.registry.cases.acting import done
from services.registry.cases.authenticity import note_of, words_of
from services.registry.cases.evidence import Evidence
from services.registry.cases.ruling import rules_behind
from services.registry.cases.stepping import lacking, state_of, waiting
from services.registry.cases.terms import AnswerDue, CaseActKind, CaseKind, CaseState
from services.registry.children.kit import Kit
from shared import divisions


def whole(
    kit: Kit,
    row: Any,
    acts: Sequence[Any],
    now: datetime,
    *,
    child_is_seen: bool,
    evidence: Evidence | None = None,
) -> dict[str, Any]:
    """One case, every word of it opened: what was changed past the hub is not shown.  Unsealable then."""
    kind = CaseKind(row["kind"])
    words = words_of(kit.sealer, row)
    state = state_of(kind, [CaseActKind(one["kind"]) for one in acts])
    rules = rules_behind(row)
    seen = {
        **mark(row, now, state),
        "lacking": list(lacking(kind, done(acts), rules.commanded)),
        "acts": [_act(kit, one) for one in acts],
    }
    if rules.clause:
        seen["clause"] = rules.clause
    if rules.asked:
        seen["asked"] = asdict(rules.asked)
    for key in ("account", "year"):
        if key in words:
            seen[key] = words[key]
    if evidence is not None:
        seen["evidence"] = {"on": evidence.on}
        if evidence.record is not None:
            seen["evidence"]["record"] = str(evidence.record)
    if "child" in words:
        seen["particulars"] = words["child"]
    if row["child"] is not None and child_is_seen:
        seen["child"] = str(row["child"])
    return seen


def mark(row: Any, now: datetime, state: str | None = None) -> dict[str, Any]:
    """A line of a list; in the ``state`` that its row says, unless another is given."""
    kind, state = CaseKind(row["kind"]), state or row["state"]
    rules = rules_behind(row)
    owed = waiting(kind, CaseState(state), row["opened_at"], rules.limit, now)
    seen: dict[str, Any] = {
        "id": str(row["id"]),
        "kind": row["kind"],
        "topic": row["topic"],
        "place": divisions.text_of(_place(row)),
        "from": row["department"],
        "to": row["addressee"],
        "state": str(state),
        "opened_at": row["opened_at"],
        "waiting": str(owed),
    }
    if owed is not AnswerDue.NO:
        seen["waiting_since"] = row["opened_at"]
        if rules.limit is not None:
            seen["due_at"] = row["opened_at"] + rules.limit
    return seen


def _place(row: Any) -> int:
    """Where it happens; of a shielded child the county alone, since the case leads to the child."""
    place: int = row["place"]
    return divisions.county_of(place) if row["shielded"] else place


def _act(kit: Kit, row: Any) -> dict[str, Any]:
    seen: dict[str, Any] = {
        "act": row["kind"],
        "department": row["department"],
        "actor": row["actor"],
        "at": row["acted_at"],
    }
    for key in ("outcome", "issuer"):
        if row[key]:
            seen[key] = row[key]
    if note := note_of(kit.sealer, row):
        seen["note"] = note
    return seen
