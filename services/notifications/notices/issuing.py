"""Which notices an event calls for.  Pure.

Cast: a *happening* is a registry event read for this purpose; the *story* is what was already drafted about the
child, oldest first; a *draft* is a notice not yet written down.  The *territory* is where this hub speaks for the
residence or the hukou place: what another hub must tell, we never tell in its name.

Kinds: *arrived* (流入), *moved_on* (流出), *hukou_changed* (户籍变动), *qualification_enquiry* (资格核实),
*key_care_changed* (重点关爱变动), *handover* (移交), which asks the next place to take the child's file over.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.notifications.notices.states import State
from shared import divisions


class Kind(StrEnum):
    """What a notice (通知单) is about.

    `arrived` 流入, `moved_on` 流出, `hukou_changed` 户籍变动, `qualification_enquiry` 资格核实,
    `key_care_changed` 重点关爱变动, `handover` 移交.
    """

    ARRIVED = "arrived"
    MOVED_ON = "moved_on"
    HUKOU_CHANGED = "hukou_changed"
    QUALIFICATION_ENQUIRY = "qualification_enquiry"
    KEY_CARE_CHANGED = "key_care_changed"
    HANDOVER = "handover"


class Toward(StrEnum):
    """What the target is to the child (通知方向): `hukou` 户籍地, `residence` 居住地, `next` 下一居住地."""

    HUKOU = "hukou"
    RESIDENCE = "residence"
    NEXT = "next"


#: In the place of a department: it may be any.
ANYONE = "*"


@dataclass(frozen=True, slots=True)
class Territory:
    ranges: tuple[tuple[int, int], ...]

    def __contains__(self, code: int) -> bool:
        return any(low <= code <= high for low, high in self.ranges)


@dataclass(frozen=True, slots=True)
class Happening:
    type: str
    residence: int | None = None
    hukou: int | None = None
    shielded: bool = False
    previous_residence: int | None = None
    previous_hukou: int | None = None
    by: int | None = None
    """The county that enquires."""
    residence_sole: str | None = None
    """The department that alone says where it lives; None when several do, or nobody."""
    hukou_sole: str | None = None
    giving: int | None = None
    taking: int | None = None
    handover: UUID | None = None
    """A handover that was proposed, between which counties."""


@dataclass(frozen=True, slots=True)
class Told:
    """A notice of the past, as far as it matters here."""

    kind: str
    origin: int
    target: int
    state: State
    first: UUID | None = None
    """The child it was about before a merge."""


@dataclass(frozen=True, slots=True)
class Draft:
    kind: Kind
    origin: int
    target: int
    toward: Toward
    held: bool
    """A shielded child: a person decides before anything leaves."""
    handover: UUID | None = None


#: Events after which a child may live where its hukou place has not heard of it.
ARRIVING = {
    "child.registered",
    "child.residence_changed",
    "child.hukou_changed",
    "child.status_changed",
    "child.returned",
    "child.parted",
}
RETURNING = {"child.residence_changed", "child.returned"}
HANDED_OVER = "handover.proposed"
LEAVING = {"child.residence_changed", "child.moved_on"}
UNSEEN = {State.AWAITING_DECISION, State.ISSUED, State.DELIVERED}


def happening(
    type_: str,
    body: Mapping[str, Any],
    day: date,
    code_on: Callable[[int, date], int] = divisions.code_on,
) -> Happening:
    """Read an event, under the codes that its counties bear on ``day``; one that cannot be read counts as not given."""

    def county(name: str) -> int | None:
        code = county_in(body, name)
        return None if code is None else code_on(code, day)

    return Happening(
        type=type_,
        residence=county("residence"),
        hukou=county("hukou"),
        shielded=body.get("shielded") is True,
        previous_residence=county("previous_residence"),
        previous_hukou=county("previous_hukou"),
        by=county("by"),
        residence_sole=_sole_in(body, "residence_sole"),
        hukou_sole=_sole_in(body, "hukou_sole"),
        giving=county("giving"),
        taking=county("taking"),
        handover=uuid_in(body, "handover"),
    )


def county_in(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in (6, 9, 12):
        return int(value.ljust(12, "0")) // 10**6 * 10**6 if value[0] != "0" else None
    return None


def uuid_in(body: Mapping[str, Any], name: str) -> UUID | None:
    try:
        return UUID(str(body.get(name)))
    except ValueError:
        return None


def left_hukou(event: Happening) -> int | None:
    """The former hukou place, where the hukou is not any more."""
    if event.type != "child.hukou_changed" or event.previous_hukou == event.hukou:
        return None
    return event.previous_hukou


def untrue_since_parting(event: Happening) -> tuple[int, int] | None:
    """Residence and hukou that were told of a child while it was taken for two, and are not its own."""
    residence, hukou = event.previous_residence, event.previous_hukou
    if event.type != "child.parted" or residence is None or hukou is None:
        return None
    return None if (residence, hukou) == (event.residence, event.hukou) else (residence, hukou)


def _sole_in(body: Mapping[str, Any], name: str) -> str | None:
    """An event that does not say who stated it might be of anyone."""
    value = body.get(name, ANYONE)
    return None if value is None else str(value)


def drafts(event: Happening, story: Sequence[Told], territory: Territory) -> tuple[Draft, ...]:
    """The notices that this event calls for, in the order in which they are to be issued."""
    return tuple(
        Draft(kind, origin, target, toward, event.shielded, event.handover)
        for kind, origin, target, toward in _called_for(event, story, territory)
        if origin != target
    )


def _called_for(
    event: Happening, story: Sequence[Told], territory: Territory
) -> Iterator[tuple[Kind, int, int, Toward]]:
    yield from _moved_on(event, story, territory)
    yield from _hukou_changed(event, territory)
    yield from _arrived(event, story, territory)
    yield from _key_care_changed(event, story, territory)
    yield from _enquiry(event)
    yield from _handover(event, territory)


def _handover(event: Happening, territory: Territory) -> Iterator[tuple[Kind, int, int, Toward]]:
    """To another hub's county alone: two counties of one hub see the handover where it is."""
    giving, taking = event.giving, event.taking
    if event.type != HANDED_OVER or event.handover is None or giving is None or taking is None:
        return
    if giving in territory and taking not in territory:
        yield Kind.HANDOVER, giving, taking, Toward.NEXT


def _arrived(
    event: Happening, story: Sequence[Told], territory: Territory
) -> Iterator[tuple[Kind, int, int, Toward]]:
    if event.type not in ARRIVING or event.residence is None or event.hukou is None:
        return
    last = _last_of(story, event.residence, event.hukou)
    # After a child has moved on its last known home stays in its events; only a change brings it back.
    returned = last is not None and last.kind == Kind.MOVED_ON and event.type in RETURNING
    if event.residence in territory and (last is None or returned):
        yield Kind.ARRIVED, event.residence, event.hukou, Toward.HUKOU


def _moved_on(
    event: Happening, story: Sequence[Told], territory: Territory
) -> Iterator[tuple[Kind, int, int, Toward]]:
    left = event.previous_residence
    # Moved on means gone from where it was, whereto nobody has said yet; a change says whereto.
    next_home = event.residence if event.type == "child.residence_changed" else None
    if event.type not in LEAVING or left is None or left == next_home or left not in territory:
        return
    hukou = event.previous_hukou or event.hukou
    if hukou is not None:
        last = _last_of(story, left, hukou)
        if last is not None and last.kind == Kind.ARRIVED and last.state is not State.WITHDRAWN:
            yield Kind.MOVED_ON, left, hukou, Toward.HUKOU
    if next_home is not None and next_home != hukou:
        yield Kind.MOVED_ON, left, next_home, Toward.NEXT


def _hukou_changed(
    event: Happening, territory: Territory
) -> Iterator[tuple[Kind, int, int, Toward]]:
    before, now = event.previous_hukou, event.hukou
    if event.type != "child.hukou_changed" or event.residence is None or before in {None, now}:
        return
    speaker = next(
        (place for place in (now, before) if place is not None and place in territory), None
    )
    if speaker is not None:
        yield Kind.HUKOU_CHANGED, speaker, event.residence, Toward.RESIDENCE


def _key_care_changed(
    event: Happening, story: Sequence[Told], territory: Territory
) -> Iterator[tuple[Kind, int, int, Toward]]:
    if event.type != "key_care.changed" or event.residence is None or event.hukou is None:
        return
    # A notice is thin: one that nobody has read yet will show the newest state when it is.
    waiting = any(
        told.kind == Kind.KEY_CARE_CHANGED
        and (told.origin, told.target) == (event.residence, event.hukou)
        and told.state in UNSEEN
        for told in story
    )
    if event.residence in territory and not waiting:
        yield Kind.KEY_CARE_CHANGED, event.residence, event.hukou, Toward.HUKOU


def _enquiry(event: Happening) -> Iterator[tuple[Kind, int, int, Toward]]:
    if event.type != "qualification.enquired" or event.by is None:
        return
    if event.by != event.hukou and event.hukou is not None:
        yield Kind.QUALIFICATION_ENQUIRY, event.by, event.hukou, Toward.HUKOU
    elif event.by == event.hukou and event.residence is not None:
        yield Kind.QUALIFICATION_ENQUIRY, event.by, event.residence, Toward.RESIDENCE


def _last_of(story: Sequence[Told], origin: int, target: int) -> Told | None:
    """The last word that this place had for that one about the child living here."""
    of_pair = [
        told
        for told in story
        if (told.origin, told.target) == (origin, target)
        and told.kind in {Kind.ARRIVED, Kind.MOVED_ON}
    ]
    return of_pair[-1] if of_pair else None
