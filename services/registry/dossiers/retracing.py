"""Retracing: what a child was proposed for and owed in the past, from its records and people's decisions; pure.

Cast: a *point* is an instant at which the hub heard of the child (a record, a recall, a decision), or a day on which something
about it changed by itself.  The child is judged at each point as it was judged then: from what had been heard by then, by
the rules of that day.  A *spell* is a time through which one thing stood: a proposal or review of key care until a person
decided or its evidence was gone, a duty until it was no longer owed.

Nothing of this is stored: it is the same whenever it is asked for, except that entries which are found to speak of another
child take their past along.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from itertools import pairwise
from typing import Any
from uuid import UUID

from services.registry.children.building import Folded, judge, reading_of
from services.registry.children.caring import KeyCareRow
from services.registry.children.folding import current, fold_current
from services.registry.children.kit import Kit
from services.registry.duties.assigning import DutyRow
from services.registry.past.gathering import Known
from services.registry.records.vault import Opened
from shared.clock import SHANGHAI
from shared.divisions import county_of

#: Of a child of whom more was heard, what was heard last is retraced: until there are so many points,
MOST_POINTS = 400
#: and so many records were read for them, each anew at each instant: more would hold up the reader for many seconds.
MOST_READ = 20_000
#: What waits for a person.
WAITING = ("proposed", "under_review")


class DutyEnd(StrEnum):
    """Why something is no longer owed to a child (职责终止原因): `status_changed` 认定状态变化, `left_school` 离校,
    `key_care_ended` 重点关爱结束, `moved` 迁居, `rules_changed` 规定变化或情况更正.
    """

    STATUS_CHANGED = "status_changed"
    LEFT_SCHOOL = "left_school"
    KEY_CARE_ENDED = "key_care_ended"
    MOVED = "moved"
    RULES_CHANGED = "rules_changed"


@dataclass(frozen=True, slots=True)
class CareSpell:
    """A proposal or review of key care; ``outcome`` is the state that took its place, empty where its evidence was gone.

    ``ended_at`` is None while it waits; ``whole`` says that it is known when it began.
    """

    row: KeyCareRow
    began_at: datetime
    ended_at: datetime | None = None
    outcome: str = ""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class DutySpell:
    """A duty that is owed no more; ``row`` is how it stood last."""

    row: DutyRow
    ended_on: date
    why: DutyEnd


@dataclass(frozen=True, slots=True)
class Retraced:
    """In order of time; ``since`` the instant before which nothing was retraced, None where nothing was left out.

    A review that waited by then is left out too, since nobody knows for how long: whoever asks for what was known then is told.
    """

    care: tuple[CareSpell, ...] = ()
    duties: tuple[DutySpell, ...] = ()
    since: datetime | None = None


def retrace(kit: Kit, child: UUID, known: Known, now: datetime) -> Retraced:
    """The spells up to ``now`` of a child of whom ``known`` is all that was heard."""
    care: dict[str, CareSpell] = {}
    found: list[CareSpell] = []
    ended: list[DutySpell] = []
    before: Folded | None = None
    points, since = _points(kit, child, known, now)
    for number, (at, stood) in enumerate(points):
        found += _settled(care, stood, at, from_before=number == 0 and since is not None)
        if before is not None:
            ended += _ended(before, stood, at.astimezone(SHANGHAI).date())
        before = stood
    whole = (one for one in (*found, *care.values()) if one.whole)
    return Retraced(tuple(whole), tuple(ended), since)


def _points(
    kit: Kit, child: UUID, known: Known, now: datetime
) -> tuple[Sequence[tuple[datetime, Folded]], datetime | None]:
    """The child at each point, the last of them today; and the first of them, where others before it were left out."""
    # What was heard at one instant came before what was decided at it: nobody decides on what is not there.
    heard = {(one.plain.received_at, False) for one in known.records}
    heard |= {(row["decided_at"], True) for row in known.decisions}
    instants = sorted(one for one in heard if one[0] <= now)
    kept: list[list[tuple[datetime, Folded]]] = []
    points = read = 0
    since: datetime | None = None
    for (instant, decided), (until, _) in reversed([*pairwise([*instants, (now, True)])]):
        if points >= MOST_POINTS or read >= MOST_READ:
            since = kept[-1][0][0]
            break
        records = [one for one in known.records if one.plain.received_at <= instant]
        judged = _judge(kit, child, records, known.decisions, instant, decided)
        if judged is not None:
            kept.append(list(_turns(judged, instant, until)))
            points += len(kept[-1])
            read += len(records)
    return [point for found in reversed(kept) for point in found], since


def _turns(
    judged: Callable[[date], Folded], instant: datetime, until: datetime
) -> Iterator[tuple[datetime, Folded]]:
    """The child at an instant, and on each day after it on which it changed by itself, until more was heard."""
    at, last = instant, until.astimezone(SHANGHAI).date()
    while True:
        stood = judged(at.astimezone(SHANGHAI).date())
        yield at, stood
        turn = stood.next_change_on
        if turn is None or turn > last:
            return
        at = datetime.combine(turn, time(), SHANGHAI)
        if at >= until:
            return  # judged anew with what was heard by then


def _judge(
    kit: Kit,
    child: UUID,
    records: Sequence[Opened],
    words: Sequence[Any],
    instant: datetime,
    decided: bool,
) -> Callable[[date], Folded] | None:
    """The child by the records of an instant, as of any day, with or without what was ``decided`` at it; None before its
    first record."""
    decisions: list[Any] = [
        row
        for row in words
        if row["decided_at"] < instant or (decided and row["decided_at"] == instant)
    ]
    live = current(records)
    if not live:
        return None
    folded = fold_current(live, records, in_line=kit.profiles.in_line)
    reading = reading_of(kit, folded, live, records)
    return lambda day: judge(kit, child, reading, decisions, day, written=b"")


def _settled(
    care: dict[str, CareSpell], stood: Folded, at: datetime, *, from_before: bool
) -> Iterator[CareSpell]:
    """The spells that ended by then; ``care`` holds by category those that wait, ``from_before`` perhaps."""
    now = {row.category: row for row in stood.key_care}
    for category, spell in list(care.items()):
        row = now.get(category)
        if row is None or row.state != spell.row.state or row.since != spell.row.since:
            del care[category]
            yield replace(spell, ended_at=at, outcome=row.state if row else "")
    for category, row in now.items():
        if row.state in WAITING and category not in care:
            proposed = row.state == "proposed"
            whole = proposed or not from_before
            care[category] = CareSpell(row, row.since if proposed else at, whole=whole)


def _ended(before: Folded, now: Folded, on: date) -> Iterator[DutySpell]:
    owed: Mapping[UUID, DutyRow] = {one.id: one for one in now.duties}
    for one in before.duties:
        if one.id not in owed:
            yield DutySpell(one, on, _why(one, before, now))


def _why(duty: DutyRow, before: Folded, now: Folded) -> DutyEnd:
    if duty.population == "key_care" and not _in_care(now.key_care):
        return DutyEnd.KEY_CARE_ENDED
    if duty.population != "key_care" and now.status != before.status:
        return DutyEnd.STATUS_CHANGED
    homes = [one.residence_code for one in (before, now)]
    if len({code and county_of(code) for code in homes}) > 1:
        return DutyEnd.MOVED
    if duty.population == "key_care":
        return DutyEnd.KEY_CARE_ENDED if _fewer(before, now) else DutyEnd.RULES_CHANGED
    if duty.population == "enrolled":
        return DutyEnd.LEFT_SCHOOL
    return DutyEnd.RULES_CHANGED


def _in_care(rows: Sequence[KeyCareRow]) -> set[str]:
    return {row.category for row in rows if row.state in ("confirmed", "under_review")}


def _fewer(before: Folded, now: Folded) -> bool:
    """Whether a category that was taken in is no more: the duty may be of that category alone."""
    return bool(_in_care(before.key_care) - _in_care(now.key_care))
