"""What a fold announces: thin events, county codes at the finest, nothing that names the child."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from services.registry.links.moves import NOTHING, Moved
from shared import divisions
from shared.outbox import Event

if TYPE_CHECKING:
    from services.registry.children.change import Change


def county(code: int | None) -> str | None:
    return None if code is None else divisions.text_of(divisions.county_of(code))


def sole(stated_by: Sequence[str]) -> str | None:
    """The department that alone places the child there: it is not told of what it said itself."""
    return stated_by[0] if len(stated_by) == 1 else None


def announce(
    change: "Change",
    moved: Moved = NOTHING,
    *,
    code_on: Callable[[int], int] = lambda code: code,
) -> list[Event]:
    """The events of one changed child.

    ``code_on``: the code that a place bears by now.  Nobody moves because a division was abolished, merged or renamed.

    A child that was parted from another has neither moved nor changed its hukou: what had been told was of two children.
    """
    old, new = change.old, change.new
    seq = (old["child_seq"] if old else 0) + 1

    def event(kind: str, **more: Any) -> Event:
        base = {
            "residence": county(new.residence_code),
            "hukou": county(new.hukou_code),
            "residence_sole": sole(new.residence_stated_by),
            "hukou_sole": sole(new.hukou_stated_by),
            "shielded": new.shielded,
        }
        return Event(kind, new.id, seq, {**base, **more})

    if old is None and moved.gained:
        return [event("child.parted", status=new.status, **{"from": str(moved.gained[0])})]
    if old is None:
        return [event("child.registered", status=new.status)]
    made: list[Event] = []
    lived, belonged = (
        code_on(code) if (code := old[column]) is not None else None
        for column in ("residence_code", "hukou_code")
    )
    if moved.lost:
        before = {"previous_residence": county(lived), "previous_hukou": county(belonged)}
        made.append(event("child.parted", **before))
    elif _apart(lived, new.residence_code):
        made.append(event("child.residence_changed", previous_residence=county(lived)))
    elif new.decision["moved_out"] and not old["moved_out"]:
        made.append(event("child.moved_on", previous_residence=county(lived)))
    if not moved.lost and _apart(belonged, new.hukou_code):
        made.append(event("child.hukou_changed", previous_hukou=county(belonged)))
    if old["status"] != new.status:
        made.append(event("child.status_changed", status=new.status))
    if not made and not change.silent:
        made.append(event("child.updated"))
    # Beside the others, never in their place: who is not told of this one sees them as they would be without it.
    if {c: one.state for c, one in change.cared.items()} != {
        k.category: k.state for k in new.key_care
    }:
        made.append(event("key_care.changed"))
    return made


def _apart(before: int | None, now: int | None) -> bool:
    """Whether a child has come to another county, to one, or to none."""
    if before is None or now is None:
        return before is not now
    return divisions.county_of(before) != divisions.county_of(now)


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
