"""Viewing: what of a child's state a caller sees, by the access matrix, with the record behind each value."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from services.registry.access.matrix import MASKED
from shared import divisions, resident_id

#: So many of a child's visits are shown, the newest.
MOST_VISITS = 100
#: Field of the fold → field group of the matrix.
GROUPS: Mapping[str, str] = {
    "name": "identity",
    "former_name": "identity",
    "sex": "identity",
    "ethnicity": "identity",
    "birth_on": "birth",
    "id_number": "id_number",
    "id_number_doubtful": "id_number",
    "other_number": "id_number",
    "phone": "contacts",
    "school": "school",
    "grade": "school",
    "stage": "school",
    "schooling": "school",
    "insured": "insurance",
    "medical_cost": "insurance",
    "disability": "disability",
    "rehabilitation": "disability",
    "health_managed": "health",
    "surveyed": "survey",
    "guardian_capacity": "survey",
}


def group_of(field: str) -> str:
    return "assistance" if field.startswith("assistance_") else GROUPS[field]


def masked(field: str, value: str) -> str:
    """A value with its middle hidden: enough to recognise, not enough to find someone by."""
    if field.startswith(("id_number", "other_number")):
        return resident_id.mask(value)
    if field in ("name", "former_name"):
        return value[:1] + "*" * max(1, len(value) - 1)
    if field == "phone":
        return value[:3] + "*" * max(0, len(value) - 5) + value[-2:]
    return "*"


def view(state: Mapping[str, Any], groups: Mapping[str, str], shielded: bool) -> dict[str, Any]:
    """The parts of a state open to ``groups``; a shielded child has no address for anyone, and a school is one."""
    fields = {}
    for name, held in state["fields"].items():
        group = group_of(name)
        level = groups.get(group)
        if level is not None and not (shielded and group == "school"):
            value = masked(name, held["value"]) if level == MASKED else held["value"]
            fields[name] = {"value": value, **_provenance(held, groups)}
    seen: dict[str, Any] = {"fields": fields}
    if "hukou" in groups:
        seen["hukou"] = [
            _place(h, groups, shielded or "hukou_address" not in groups) for h in state["hukou"]
        ]
        seen["hukou_unconfirmed"] = [
            _place(u, groups, True) for u in state.get("hukou_unconfirmed", ())
        ]
    if "residence" in groups:
        seen["episodes"] = [
            _place(e, groups, shielded or "residence_address" not in groups)
            for e in state["episodes"]
        ]
        # What too few departments say: a county at most.
        seen["unconfirmed"] = [_place(u, groups, True) for u in state["unconfirmed"]]
    if "guardians" in groups:
        seen["guardians"] = [_guardian(g, groups) for g in state["guardians"]]
    if "visits" in groups or "school_visits" in groups:
        visits = (visit(v, groups, shielded) for v in reversed(state.get("visits", ())))
        seen["visits"] = list(islice((v for v in visits if v is not None), MOST_VISITS))
    return seen


def visit(
    held: Mapping[str, Any], groups: Mapping[str, str], shielded: bool
) -> dict[str, Any] | None:
    """A visit; None where it is another department's, or told by a feed that is closed to the caller.

    Who went to a shielded child stays untold: the post of a member of staff is that of a village.
    """
    if "visits" not in groups and held["department"] != "education":
        return None
    if held["feed"] == "health-checks" and "health" not in groups:
        return None
    seen = {key: held[key] for key in ("kind", "on", "channel", "outcome")}
    for key in ("visitor", "staff", "helps"):
        if held[key] and not (shielded and key == "staff"):
            seen[key] = held[key]
    return {**seen, **_provenance(held, groups)}


def _provenance(held: Mapping[str, Any], groups: Mapping[str, str]) -> dict[str, Any]:
    if "provenance" not in groups:
        return {}
    return {k: held[k] for k in ("record", "feed", "department", "observed_on") if k in held}


def _place(held: Mapping[str, Any], groups: Mapping[str, str], hidden: bool) -> dict[str, Any]:
    code = int(held["division"])
    seen: dict[str, Any] = {
        # Below the county a division code is an address too.
        "division": divisions.text_of(divisions.county_of(code)) if hidden else held["division"],
        "place": divisions.name_of(divisions.county_of(code)) or "",
    }
    for key in ("since", "until", "accompanied", "confirmed"):
        if held.get(key) is not None:
            seen[key] = held[key]
    if not hidden and held.get("address"):
        seen["address"] = held["address"]
    if "provenance" in groups:
        seen["records"] = held["records"] if "records" in held else [held["record"]]
    return seen


def _guardian(held: Mapping[str, Any], groups: Mapping[str, str]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, group in (
        ("name", "guardians"),
        ("relation", "guardians"),
        ("id_number", "id_number"),
        ("phone", "contacts"),
    ):
        level = groups.get(group)
        if key == "relation" and level == MASKED:
            continue  # a word of a closed list has no middle to hide
        if held[key] and level is not None:
            seen[key] = masked(key, held[key]) if level == MASKED else held[key]
    return {**seen, **_provenance(held, groups)}
