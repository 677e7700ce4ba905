"""Foreseeing: what will change about a child by itself, and when, as far as its records, rules and words say today; pure.

Cast: a *turn* is something that happens on a day without anybody's doing: a status turns, a duty begins, falls due or climbs
a layer, an alert is raised or falls due, a permit ends, key care gains or loses its evidence, an entitlement opens.  The child
is judged as of its next day, and of the next after that, as the daily clock will judge it; what differs is a turn.

Each turn names the field group that must be open to whoever is told of it, and the department or category that it is for.
None says where the child lives.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.registry.alerts.raising import AlertRow
from services.registry.alerts.terms import AlertState
from services.registry.children import state
from services.registry.children.building import Folded
from services.registry.children.gist import Reading
from services.registry.duties.assigning import DutyRow
from services.registry.follow_ups.marking import Mark, marks
from services.registry.profiles import Profiles

#: So many days are judged at most; a child has about ten in a year.
MOST_DAYS = 100
DAY = timedelta(days=1)
#: States of an alert that still waits for somebody.
_WAITING = (AlertState.OPEN, AlertState.ACKNOWLEDGED)
Judge = Callable[[date], Folded]


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """``subject`` is a status, duty, kind of alert, category or entitlement; ``department`` and ``category`` are empty where
    the group alone opens it."""

    on: date
    what: str
    subject: str
    clause: str
    group: str
    department: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The turns after today up to ``until``, in order of time."""

    until: date
    turns: tuple[Turn, ...]


def foresee(
    judge: Judge, reading: Reading, profiles: Profiles, today: date, until: date
) -> Foreseen:
    """What is coming after ``today``; ``judge`` makes the child as of a day, as the daily clock does.

    ``until`` comes nearer where more than ``MOST_DAYS`` days would have to be judged.
    """
    facts, fields = reading.folded.facts(), state.read(reading.payload)["fields"]
    found: list[Turn] = []
    before: Folded | None = None
    day = today
    for _ in range(MOST_DAYS):
        child = judge(day)
        if before is not None:
            found += _differences(before, child, day)
        # What is due later than the next day is said by the child of that day, if it still holds then.
        after = min(child.next_change_on or date.max, until + DAY)
        known = (*_dated(child), *_entitled(marks(facts, fields, profiles, day)))
        found += [one for one in known if day <= one.on < after]
        if after > until:
            break
        before, day = child, after
    else:
        until = day - DAY
    return Foreseen(until, tuple(sorted({one for one in found if one.on > today})))


def _dated(child: Folded) -> Iterator[Turn]:
    """What is due, or ends, on a day that is known already."""
    for duty in child.duties:
        if duty.due_on is not None:
            yield _duty(duty.due_on, "duty_due", duty)
    for alert in child.alerts:
        if alert.state not in _WAITING:
            continue
        if alert.due_on is not None:
            yield _alert(alert.due_on, "alert_due", alert)
        if alert.kind == "permit_expiring" and (ends := alert.detail.get("about")):
            yield _alert(date.fromisoformat(ends["ends_on"]), "permit_ends", alert)


def _entitled(found: Sequence[Mark]) -> Iterator[Turn]:
    for one in found:
        yield Turn(one.since, "follow_up_opens", one.entitlement, one.clause, one.group)


def _differences(before: Folded, now: Folded, on: date) -> Iterator[Turn]:
    if before.status != now.status:
        yield Turn(on, "status_changes", now.status, _ground(now.decision), "status")
    yield from _duties({one.id: one for one in before.duties}, now.duties, on)
    known = {one.id for one in before.alerts}
    for alert in now.alerts:
        if alert.id not in known and alert.state in _WAITING:
            yield _alert(on, "alert_raised", alert)
    yield from _care(before, now, on)


def _ground(decision: dict[str, Any]) -> str:
    """The clause on which a status rests: that of its last ground."""
    clauses = [reason["clause"] for reason in decision["reasons"] if reason["clause"]]
    return str(clauses[-1]) if clauses else ""


def _duties(before: dict[Any, DutyRow], now: Sequence[DutyRow], on: date) -> Iterator[Turn]:
    for one in now:
        earlier = before.pop(one.id, None)
        if earlier is None:
            yield _duty(on, "duty_begins", one)
        elif one.state == "overdue" and earlier.state != "overdue":
            yield _duty(on, "duty_overdue", one)
        elif one.step != earlier.step:
            yield _duty(on, f"duty_at_{one.step}", one)
    for gone in before.values():
        yield _duty(on, "duty_ends", gone)


def _care(before: Folded, now: Folded, on: date) -> Iterator[Turn]:
    earlier = {one.category: one for one in before.key_care}
    for one in now.key_care:
        held = earlier.pop(one.category, None)
        if held is None or held.state != one.state:
            what, clause = f"key_care_{one.state}", one.detail["clause"]
            yield Turn(on, what, one.category, clause, "key_care", category=one.category)
    for gone in earlier.values():
        clause, category = gone.detail["clause"], gone.category
        yield Turn(on, "key_care_lapses", category, clause, "key_care", category=category)


def _duty(on: date, what: str, one: DutyRow) -> Turn:
    return Turn(on, what, one.duty, one.detail["clause"], "duties", one.department)


def _alert(on: date, what: str, one: AlertRow) -> Turn:
    clause = one.detail["rule"]["clause"]
    return Turn(on, what, one.kind, clause, "alerts", one.department, one.category)
