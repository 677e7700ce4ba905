"""Showing cases, as those see them who have to do with them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.registry.cases.authenticity import note_of
from services.registry.cases.evidence import Evidence
from services.registry.cases.folding import Folded, fold
from services.registry.cases.ruling import rules_behind
from services.registry.cases.stepping import lacking, waiting
from services.registry.children.kit import Kit
from shared import divisions


def mark(row: Any, folded: Folded, now: datetime) -> dict[str, Any]:
    """A line of a list."""
    rules = rules_behind(row, now)
    due_at = rules.due_at(folded.since or row["opened_at"])
    owed = waiting(folded.kind, folded.state, due_at, now)
    seen: dict[str, Any] = {
        "id": str(row["id"]),
        "kind": row["kind"],
        "topic": row["topic"],
        "place": divisions.text_of(_place(row)),
        "from": row["department"],
        "to": row["addressee"],
        "state": str(folded.state),
        "opened_at": row["opened_at"],
        "waiting": str(owed),
    }
    if folded.since is not None:
        seen["waiting_since"] = folded.since
        if due_at is not None:
            seen["due_at"] = due_at
    if folded.demands:
        seen["demands"] = [str(one) for one in folded.demands]
    return seen


def whole(
    kit: Kit,
    row: Any,
    acts: Sequence[Any],
    now: datetime,
    *,
    child_is_seen: bool,
    origin_is_seen: bool = False,
    evidence: Evidence | None = None,
) -> dict[str, Any]:
    """One case, every word of it opened: what was changed past the hub is not shown.  Unsealable or ValueError then."""
    folded = fold(kit.sealer, row, acts)
    words, rules = folded.words, rules_behind(row, now)
    seen = {
        "demands": [],
        **mark(row, folded, now),
        "lacking": list(lacking(folded.kind, folded.done, rules.commanded)),
        "acts": [_act(kit, one) for one in acts],
    }
    if rules.clause:
        seen["clause"] = rules.clause
    if rules.set_by and "due_at" in seen:
        seen["due_clause"] = rules.set_by
    if rules.asked:
        seen["asked"] = asdict(rules.asked)
    if rules.measures:
        seen["measures"] = [
            {"measure": measure, **({"force": force} if force else {})}
            for measure, force in rules.measures
        ]
    if rules.force:
        seen["force"] = rules.force
    if rules.hotlines:
        seen["hotlines"] = [
            {"name": name, **({"number": number} if number else {})}
            for name, number in rules.hotlines
        ]
    for key in ("account", "year", "told", "sender", "hotline"):
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
        if row["record"] is not None and origin_is_seen:
            seen["record"] = str(row["record"])
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
