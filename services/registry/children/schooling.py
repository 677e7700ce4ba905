"""Schooling: whether a child is a pupil, since when, and of which grade, from all that schools say of it; pure.

A transfer does not interrupt it: whoever leaves one school for another stays a pupil.  Dropping out and graduating do.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.registry.duties.standing import Pupil
from services.registry.records.feeds import Enrolment, Item

_ENTERS = ("enrolled", "transferred_in")
_LEAVES = ("dropped_out", "graduated")
_NUMERALS = "一二三四五六七八九"
#: 三年级, 初二, 高一, 5年级, 9: the first numeral is the grade.
_GRADE = re.compile(rf"[{_NUMERALS}]|[1-9]")


class SchoolClaim(NamedTuple):
    """One event in a pupil's school record; ``office`` is the county of the office that told of it."""

    on: date
    entry: UUID
    event: str
    stage: str
    grade: str
    office: int = 0


class Schooling(NamedTuple):
    """The child's time at school that lasts; ``since`` is None for a child that is no pupil.

    ``offices`` are the counties of all offices that ever told of a school of the child.
    """

    since: date | None
    pupil: Pupil
    offices: frozenset[int] = frozenset()


NONE = Schooling(None, Pupil())


def schooling_of(item: Item, entry: UUID, office: int = 0) -> tuple[SchoolClaim, ...]:
    """What one record says of it."""
    if type(item) is not Enrolment:
        return ()
    stage = str(item.stage)  # a key of published figures, and no member of a class
    return (SchoolClaim(item.on, entry, item.event, stage, item.grade or "", office),)


def schooling(claims: Iterable[SchoolClaim]) -> Schooling:
    """From claims in any order."""
    since: date | None = None
    pupil = Pupil()
    every = list(claims)
    for claim in sorted(every, key=lambda c: (c.on, c.entry.int)):
        if claim.event in _LEAVES:
            since = None
        elif claim.event in _ENTERS and since is None:
            since = claim.on
        pupil = Pupil(claim.stage, grade_of(claim.grade), claim.on)
    offices = frozenset(claim.office for claim in every)
    return Schooling(since, pupil if since else NONE.pupil, offices)


def grade_of(text: str) -> int | None:
    """The number of a grade as schools write it; None where none can be read."""
    found = _GRADE.search(text)
    if found is None:
        return None
    sign = found.group()
    return _NUMERALS.index(sign) + 1 if sign in _NUMERALS else int(sign)
