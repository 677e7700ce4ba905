"""Showing: an entry as one caller sees it.  These dicts are the wire's form (``schemas.EntryOut``), built without a
model, since a stream shows thousands a second.

Nothing here depends on what the caller may not see: not on the child's other categories, nor on the day on which
evidence the caller does not know of would change something.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.registry.access.matrix import FULL
from services.registry.access.sight import groups_for
from services.registry.children import viewing
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.key_care import deciding
from shared.auth import Caller
from shared.problems import Forbidden
from shared.vocabulary import Department, Purpose, Scope

Groups = Mapping[str, str]

#: So many visits are shown with an entry; all of them stand with the child.
RECENT_VISITS = 12
#: Purposes for which a department sees the categories that the matrix opens to it.
_CARING = (Purpose.KEY_CARE, Purpose.SERVICE)


def sight(caller: Caller) -> Groups:
    """The field groups open to a reader of key care; Forbidden where purpose and department open none."""
    groups = groups_for(caller)
    if "key_care" not in groups and caller.purpose not in _CARING:
        raise Forbidden("Your department reads no key care for this purpose.")
    return groups


def sees_care(caller: Caller, groups: Groups) -> bool:
    """Whether it may know at all that something about key care changed, of the categories open to it."""
    reads = Scope.KEY_CARE_READ in caller.grant.scopes
    return reads and ("key_care" in groups or caller.purpose in _CARING)


def sight_of_decider(caller: Caller) -> Groups:
    """As ``sight``, for those who decide; Forbidden to all but civil affairs (民政)."""
    if caller.department != Department.CIVIL_AFFAIRS:
        raise Forbidden("Only civil affairs decides on key care.")
    groups = sight(caller)
    if groups.get("key_care") != FULL:
        raise Forbidden("Nothing is decided for this purpose.")
    return groups


def child_of(kit: Kit, row: Any, groups: Groups) -> dict[str, Any]:
    """The child of an entry's row; a shielded one has neither address nor school."""
    shielded: bool = row["shielded"]
    seen = viewing.view(open_state(kit.sealer, row), groups, shielded)
    if "visits" in seen:
        seen["visits"] = seen["visits"][:RECENT_VISITS]
    if "status" in groups:
        decision = row["decision"]
        seen["status"] = {
            "status": row["status"],
            "reasons": decision["reasons"],
            "missing": decision["missing"],
            "rule_version": decision["profile"],
        }
    return {"id": str(row["id"]), **seen}


def entry_of(row: Any, groups: Groups, child: dict[str, Any]) -> dict[str, Any]:
    """One entry; ``child`` is what ``child_of`` made of the same row."""
    detail = row["detail"]
    seen: dict[str, Any] = {
        "id": str(row["care_id"]),
        "category": row["category"],
        "state": row["state"],
        "since": row["since"],
    }
    for key in ("clause", "handling", "unsure"):
        if detail[key]:
            seen[key] = detail[key]
    if "provenance" in groups:
        seen["evidence"] = detail["evidence"]
    if "key_care" in groups:
        seen["shielded"] = row["shielded"]
    seen["child"] = child
    return seen


def entries_of(kit: Kit, rows: Sequence[Any], groups: Groups) -> list[dict[str, Any]]:
    """Entries in order; a child's state is opened once however many entries it has here."""
    children: dict[Any, dict[str, Any]] = {}
    seen = []
    for row in rows:
        child = children.get(row["id"])
        if child is None:
            child = children[row["id"]] = child_of(kit, row, groups)
        seen.append(entry_of(row, groups, child))
    return seen


def decisions_of(kit: Kit, rows: Sequence[Any], caller: Caller) -> list[dict[str, Any]]:
    """Decisions as civil affairs sees them, the notes only for key care itself."""
    return [
        {
            "decision": row["kind"],
            "reason": row["reason"],
            "decided_at": row["decided_at"],
            "actor": row["actor"],
            **_note(kit, row, caller),
        }
        for row in rows
    ]


def _note(kit: Kit, row: Any, caller: Caller) -> dict[str, str]:
    if caller.purpose != Purpose.KEY_CARE:
        return {}
    note = deciding.note_of(kit.sealer, row)
    return {"note": note} if note else {}
