"""Showing: an alert as one caller sees it.

What it is about is shown by the access matrix, each kind's particulars in a group of their own.  Of a child that the caller
does not see, or that nobody has registered yet, an alert shows what the one record says that it rests on: it was pushed for
civil affairs to see.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system, groups_for
from services.registry.alerts import queries
from services.registry.alerts.authenticity import note_of
from services.registry.alerts.terms import WAITING, AlertKind
from services.registry.cases.terms import ADDRESSEES, CaseKind, Topic
from services.registry.children import viewing
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.posts.terms import PostKind
from services.registry.records.vault import open_row
from shared import divisions
from shared.auth import Caller
from shared.problems import Forbidden
from shared.vocabulary import Department, Purpose

Groups = Mapping[str, str]

#: In which field group of the matrix the particulars of a kind stand.
_GROUP: Mapping[str, str] = {
    AlertKind.COSTLY_BILL: "insurance",
    AlertKind.NOT_ENROLLED: "school",
    AlertKind.DROPPED_OUT: "school",
    AlertKind.VACCINATION_GAP: "health",
    AlertKind.INSURANCE_GAP: "insurance",
    AlertKind.PERMIT_EXPIRING: "residence",
    AlertKind.SILENCE: "status",
    AlertKind.CONTRADICTION: "status",
    AlertKind.UNACCOMPANIED: "status",
    AlertKind.STATUS_UNCLEAR: "status",
    AlertKind.OVERDUE_DUTY: "duties",
    AlertKind.AGEING_OUT: "birth",
    AlertKind.SIBLING_IN_CARE: "key_care",
    AlertKind.LEFT_BEHIND: "status",
    AlertKind.SCREENING_GAP: "health",
}


def sight(caller: Caller) -> Groups:
    """The field groups open to a reader of alerts; Forbidden where purpose and department open none."""
    groups = groups_for(caller)
    if "alerts" not in groups:
        raise Forbidden("Your department reads no alerts for this purpose.")
    return groups


async def shown(
    session: AsyncSession, kit: Kit, caller: Caller, rows: Sequence[Any], groups: Groups
) -> list[dict[str, Any]]:
    """Rows of ``queries.page`` in the form of ``schemas.AlertOut``."""
    unseen = [row for row in rows if row["id"] is None and row["entry"] is not None]
    told: dict[UUID, dict[str, Any]] = {}
    if unseen:
        async with as_system(session, caller):
            behind = await queries.records_behind(session, unseen)
        told = {entry: _said(kit, row, groups) for entry, row in behind.items()}
    names: dict[Any, str | None] = {}
    for row in rows:
        if row["id"] is not None and row["id"] not in names:
            names[row["id"]] = _name(kit, row, groups)
    return [_alert(row, _child(row, names, told), groups, caller.department) for row in rows]


def _child(
    row: Any, names: Mapping[Any, str | None], told: Mapping[UUID, dict[str, Any]]
) -> dict[str, Any]:
    if row["id"] is not None:
        return {"id": row["id"], "name": names[row["id"]]}
    return told.get(row["entry"], {})


def _name(kit: Kit, row: Any, groups: Groups) -> str | None:
    identity = {group: level for group, level in groups.items() if group == "identity"}
    seen = viewing.view(open_state(kit.sealer, row), identity, row["shielded"])
    name: str | None = seen["fields"].get("name", {}).get("value")
    return name


def _said(kit: Kit, row: Any, groups: Groups) -> dict[str, Any]:
    """Whom a record names, masked as the matrix masks it; nothing of one that was recalled or erased."""
    opened = open_row(kit.sealer, row)
    if opened is None or opened.item is None:
        return {}
    item, seen = opened.item, dict[str, Any]()
    guardian = item.guardians[0] if item.guardians else None
    for key, field, group, value in (
        ("name", "name", "identity", item.child.name),
        ("guardian", "name", "guardians", guardian.name if guardian else None),
        ("phone", "phone", "contacts", (guardian.phone if guardian else None) or item.child.phone),
    ):
        level = groups.get(group)
        if value and level is not None:
            seen[key] = viewing.masked(field, value) if level == "masked" else value
    return seen


def _alert(
    row: Any, child: dict[str, Any], groups: Groups, department: Department
) -> dict[str, Any]:
    detail, code = row["detail"], row["place"]
    shielded = bool(row["shielded"])
    county = divisions.county_of(code) if code is not None else None
    # Below the county a division code is an address too.
    finest = county if shielded or "residence_address" not in groups else code
    seen: dict[str, Any] = {
        "id": row["alert_id"],
        "kind": row["kind"],
        "state": row["state"],
        "owner": row["department"],
        "post": _post(detail),
        "raised_on": row["raised_on"],
        "due_on": row["due_on"],
        "closed_on": row["closed_on"],
        "clause": detail["rule"]["clause"],
        "wording": detail["rule"]["wording"] or None,
        "missing": detail.get("missing"),
        "ground": detail.get("ground"),
        "child": child,
        "division": divisions.text_of(finest) if finest is not None else None,
        "place": divisions.name_of(county) or "" if county is not None else None,
        "shielded": shielded,
    }
    if _GROUP[row["kind"]] in groups and _is_of(row, department):
        seen["about"] = detail.get("about")
        seen["proposes"] = proposal(row["kind"], row["state"], row["department"], detail)
    if "provenance" in groups:
        seen |= {key: detail.get(key) for key in ("record", "closed_by")}
    return seen


def _is_of(row: Any, department: Department) -> bool:
    """Which duty is overdue is told to whom duties are told: a department besides civil affairs learns of its own alone."""
    if row["kind"] != AlertKind.OVERDUE_DUTY or department == Department.CIVIL_AFFAIRS:
        return True
    return bool((row["detail"].get("about") or {}).get("department") == department)


def proposal(kind: str, state: str, owner: str, detail: Mapping[str, Any]) -> dict[str, Any] | None:
    """The case that a waiting alert suggests a person should open: help with enrolling, where the place's rules say so (R43)."""
    about = detail.get("about") or {}
    if kind != AlertKind.INSURANCE_GAP or state not in WAITING or "year" not in about:
        return None
    topics = [topic for said, topic in _HELP.items() if about.get(said)]
    if not topics:
        return None
    offices = ADDRESSEES[CaseKind.ASSISTANCE]
    to = Department(owner) if Department(owner) in offices else offices[0]
    return {"kind": CaseKind.ASSISTANCE, "topics": topics, "to": to, "year": about["year"]}


_HELP = {"assisted": Topic.INSURANCE_ENROLMENT, "subsidised": Topic.SUBSIDISED_INSURANCE}


def _post(detail: Mapping[str, Any]) -> str | None:
    said = detail.get("post")
    return said if said in set(PostKind) else None


def act_of(kit: Kit, row: Any, caller: Caller) -> dict[str, Any]:
    """One act; its note for those who care for the child."""
    seen = {
        "act": row["act"],
        "outcome": row["outcome"] or None,
        "department": row["department"],
        "actor": row["actor"],
        "at": row["acted_at"],
    }
    if caller.purpose in (Purpose.KEY_CARE, Purpose.SERVICE):
        seen["note"] = note_of(kit.sealer, row) or None
    return seen
