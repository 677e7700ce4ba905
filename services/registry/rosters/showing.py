"""Showing rosters: what they are, how far they have come, who received them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.registry.children.kit import Kit
from services.registry.profiles import Profiles
from services.registry.profiles.profile import prefix_of
from services.registry.rosters.authenticity import READINGS, digest_of
from services.registry.rosters.layout import layout_of
from services.registry.rosters.ruling import asked
from services.registry.rosters.terms import AnswerDue, RosterKind
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.vocabulary import Department


def mark(row: Any, caller: Caller, now: datetime) -> dict[str, Any]:
    """A roster of ``queries.ruled`` as its maker's department sees it; to others it has the rows that they have read, no more."""
    lead = caller.department == Department.CIVIL_AFFAIRS
    row = dict(row) if lead else {**row, "rows": row["taken"]}
    seen: dict[str, Any] = {
        "id": str(row["id"]),
        "kind": row["kind"],
        "division": prefix_of((row["low"], row["high"])).ljust(12, "0"),
        "to": row["addressee"],
        "clause": row["clause"],
        "made_at": row["made_at"],
        **{name: row[name] for name in ("rows", "taken", "accepted", "refused", "differs")},
    }
    if row["topic"]:
        seen["topic"] = row["topic"]
    owed, due = _waiting(row, now)
    seen["waiting"] = str(owed)
    if due is not None:
        seen["due_at"] = due
    return seen


def _waiting(row: Any, now: datetime) -> tuple[AnswerDue, datetime | None]:
    """Whether answers are owed; without a limit a person must look at once, until one is set."""
    if row["rows"] and row["rows"] == row["accepted"] + row["refused"] + row["differs"]:
        return AnswerDue.NO, None
    day = row["made_at"].astimezone(SHANGHAI).date()
    kind = RosterKind(row["kind"])

    def days(profiles: Profiles, on: date) -> int | None:
        rule = asked(profiles, row["low"], kind, row["topic"], row["addressee"], on)
        return rule.reply_days if rule else None

    lasting = row["rules"].lasting(days, day, now)
    if lasting is None:
        return AnswerDue.NO_LIMIT_CONFIGURED, None
    due = lasting.begins(row["made_at"]) + timedelta(days=lasting.value)
    return (AnswerDue.OVERDUE if now > due else AnswerDue.WITHIN_LIMIT), due


def whole(
    kit: Kit, row: Any, readings: Sequence[Any], caller: Caller, now: datetime
) -> dict[str, Any]:
    """A roster with its readings up to ``now``; those that were not written here are left out, and named in the log."""
    return {
        **mark(row, caller, now),
        "columns": layout_of(RosterKind(row["kind"])).columns,
        "readings": [
            _reading(kit, one, now)
            for one in readings
            if READINGS.authentic(kit.audit, one) and one["at"] <= now
        ],
    }


def _reading(kit: Kit, row: Any, now: datetime) -> dict[str, Any]:
    seen = {name: row[name] for name in ("client", "department", "actor", "at", "rows")}
    seen |= {"id": str(row["id"]), "sha256": digest_of(kit.audit, row).hex()}
    if row["received_at"] is not None and row["received_at"] <= now:
        seen |= {"received_by": row["received_by"], "received_at": row["received_at"]}
    return seen
