"""Looking back: a recalled child, shown as ``GET /v1/children/{id}`` shows one; and its duties, key care and alerts as the rows
that their own addresses read.

It tells nothing of siblings: neither which children share a guardian, nor an alert on a sibling in key care.
"""

from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import date
from typing import Any, Final

from services.registry.access.sight import groups_for
from services.registry.alerts.raising import AlertRow
from services.registry.alerts.writing import placed
from services.registry.children import state, viewing
from services.registry.children.marks import mark
from services.registry.children.remembered import Remembered, stored
from services.registry.children.schemas import AsOf, ChildOut
from services.registry.children.state import facts_of
from services.registry.duties.assigning import DutyRow
from services.registry.follow_ups.marking import marks
from services.registry.handovers.showing import responsible_on
from services.registry.past.recalling import Past
from services.registry.profiles import Profiles
from shared.auth import Caller
from shared.vocabulary import Department

_OF_CARE: Final = ("id", "category", "state", "since")
_OF_DUTY: Final = tuple(one.name for one in fields(DutyRow) if one.name not in ("id", "detail"))
_RANKED_FROM: Final = date(2000, 1, 1)
_NO_DAY: Final = 2**31 - 1
_AFTER_ALL_DUE: Final = 10**9


def shown(past: Past, caller: Caller, present: Profiles) -> ChildOut:
    """The child as the caller may see it; by ``present`` rules its places are named as today."""
    groups = groups_for(caller)
    row, held = past.row, state.read(past.row["payload"])
    seen = viewing.view(held, groups, row["shielded"])
    if "file" in groups:
        seen["responsible"] = responsible_on(held, present.code_on, past.on)
    if "status" in groups:
        decision = row["decision"]
        seen["status"] = {
            "status": row["status"],
            "reasons": decision["reasons"],
            "missing": decision["missing"],
            "next_change_on": decision["next_change_on"],
            "rule_version": decision["profile"],
        }
        seen["left_behind"] = decision.get("left_behind")
        found = marks(facts_of(held), held["fields"], past.kit.profiles, past.on)
        seen["follow_ups"] = [asdict(one) for one in found if one.group in groups] or None
    if "key_care" in groups:
        seen["key_care"] = [{n: one[n] for n in _OF_CARE} for one in cared(past, caller)]
        seen["shielded"] = row["shielded"]
    if "duties" in groups:
        seen["duties"] = [mark(one) for one in owed(past, caller)]
    as_of = AsOf(on=past.on, known_at=past.known_at)
    return ChildOut.model_validate({"id": past.child, "as_of": as_of, **seen})


def cared(past: Past, caller: Caller) -> Iterator[dict[str, Any]]:
    """The entries of key care in the categories open to the caller, as row-level security has it of today's."""
    for one in past.stood.row.key_care:
        if one.category in caller.grant.categories:
            yield {**{n: getattr(one, n) for n in _OF_CARE}, "detail": stored(one.detail)}


def owed(past: Past, caller: Caller) -> list[Remembered]:
    """The duties that the caller sees, as ``duties.queries`` reads them, what is due first before the rest."""
    found = [
        past.row.with_(
            **{name: getattr(one, name) for name in _OF_DUTY},
            detail=stored(one.detail),
            duty_id=one.id,
            child_id=past.child,
            due_rank=_rank(one.due_on, _NO_DAY),
            county=_county(past.row["residence_code"]),
        )
        for one in past.stood.row.duties
        if caller.department in (Department.CIVIL_AFFAIRS, one.department)
    ]
    return sorted(found, key=lambda one: (one["due_rank"], one["duty"]))


def warned(past: Past, caller: Caller) -> list[Remembered]:
    """The alerts that the caller sees, as ``alerts.queries`` reads them."""
    return [
        _alert(past, one)
        for one in past.stood.row.alerts
        if caller.department in (Department.CIVIL_AFFAIRS, one.department)
        and (not one.category or one.category in caller.grant.categories)
    ]


def _alert(past: Past, one: AlertRow) -> Remembered:
    place, _ = placed(past.stood.row, one)
    return past.row.with_(
        alert_id=one.id,
        child_id=past.child,
        kind=one.kind,
        cause=one.cause,
        department=one.department,
        category=one.category,
        state=one.state,
        raised_on=one.raised_on,
        due_on=one.due_on,
        due_rank=_rank(one.due_on, _AFTER_ALL_DUE + (one.raised_on - _RANKED_FROM).days),
        closed_on=one.closed_on,
        entry=one.entry,
        place=place,
        county=_county(place),
        detail=stored(one.detail),
    )


def _rank(due_on: date | None, otherwise: int) -> int:
    return (due_on - _RANKED_FROM).days if due_on else otherwise


def _county(code: int | None) -> int | None:
    return code // 10**6 if code is not None else None
