"""What a fold announces: thin events, county codes at the finest, nothing that names the child."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from services.registry.links.moves import NOTHING, Moved
from shared import divisions
from shared.outbox import Event

if TYPE_CHECKING:
    from services.registry.children.building import Folded


def county(code: int | None) -> str | None:
    return None if code is None else divisions.text_of(divisions.county_of(code))


def sole(stated_by: Sequence[str]) -> str | None:
    """The department that alone places the child there: it is not told of what it said itself."""
    return stated_by[0] if len(stated_by) == 1 else None


def announce(
    old: Any,
    new: "Folded",
    moved: Moved = NOTHING,
    *,
    silent: bool = False,
    code_on: Callable[[int], int] = lambda code: code,
) -> list[Event]:
    """The events of one changed child; ``old`` is its row before, or None when it is new.

    ``silent``: only what is not told to everyone who sees the child has changed (``Folded.told``).

    ``code_on``: the code that a place bears by now.  Nobody moves because a division was abolished, merged or renamed.

    A child that was parted from another has neither moved nor changed its hukou: what had been told was of two children.
    """
    seq = (old["child_seq"] if old else 0) + 1
    base = {
        "residence": county(new.residence_code),
        "hukou": county(new.hukou_code),
        "residence_sole": sole(new.residence_stated_by),
        "hukou_sole": sole(new.hukou_stated_by),
        "shielded": new.shielded,
    }

    def event(kind: str, **more: Any) -> Event:
        return Event(kind, new.id, seq, {**base, **more})

    if old is None and moved.gained:
        return [event("child.parted", status=new.status, **{"from": str(moved.gained[0])})]
    if old is None:
        return [event("child.registered", status=new.status)]
    made: list[Event] = []
    decision = old["decision"]
    lived, belonged = (
        county(code_on(code)) if (code := old[column]) is not None else None
        for column in ("residence_code", "hukou_code")
    )
    if moved.lost:
        before = {"previous_residence": lived, "previous_hukou": belonged}
        made.append(event("child.parted", **before))
    elif lived != county(new.residence_code):
        made.append(event("child.residence_changed", previous_residence=lived))
    elif new.decision["moved_out"] and not decision["moved_out"]:
        made.append(event("child.moved_on", previous_residence=lived))
    if not moved.lost and belonged != county(new.hukou_code):
        made.append(event("child.hukou_changed", previous_hukou=belonged))
    if old["status"] != new.status:
        made.append(event("child.status_changed", status=new.status))
    if not made and not silent:
        made.append(event("child.updated"))
    # Beside the others, never in their place: who is not told of this one sees them as they would be without it.
    if old["care"] != {k.category: k.state for k in new.key_care}:
        made.append(event("key_care.changed"))
    return made


def ended(old: Any, moved: Moved = NOTHING) -> Event:
    """No record speaks of this child any more: merged into another, recalled or erased."""
    body: dict[str, Any] = {
        "residence": county(old["residence_code"]),
        "hukou": county(old["hukou_code"]),
        "shielded": old["shielded"],
    }
    if moved.lost:
        body["into"] = str(moved.lost[0])
    kind = "child.merged" if moved.lost else "child.withdrawn"
    return Event(kind, old["id"], old["child_seq"] + 1, body)
