"""Routing: to which post a duty goes, never to a person; pure.

A duty goes to the children's director (儿童主任) of the village where the child lives, or to the lowest layer that is known
of its home.  Days overdue lift it layer by layer (``step``); a post that is vacant, or was never made, is passed over at
once.  Last comes civil affairs of the county, which is never vacant.  Duties of schools go to the education department of
the county: which school a child attends is nobody's to read from a list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.registry.duties.terms import Step
from services.registry.posts.terms import PostKind
from shared import divisions
from shared.vocabulary import Department

_ORDER = (Step.VILLAGE, Step.TOWNSHIP, Step.COUNTY)


@dataclass(frozen=True, slots=True)
class Responsible:
    """``vacant`` are the posts that were passed over because nobody holds them."""

    step: Step
    division: int
    kind: PostKind | None = None
    post: UUID | None = None
    vacant: tuple[PostKind, ...] = ()


def posts_of(code: int) -> dict[Step, tuple[PostKind, int]]:
    """The posts that a home's code leads to."""
    found = {}
    if code % 10**3:
        found[Step.VILLAGE] = (PostKind.CHILD_DIRECTOR, code)
    if code % 10**6:
        found[Step.TOWNSHIP] = (PostKind.CHILD_SUPERVISOR, code // 1000 * 1000)
    return found


def route(
    code: int, step: str, department: str, filled: Mapping[tuple[str, int], UUID]
) -> Responsible:
    """Who answers for a duty of a child that lives in ``code``; ``filled`` are the posts that are held."""
    county = divisions.county_of(code)
    if department != Department.CIVIL_AFFAIRS:
        return Responsible(Step.COUNTY, county)
    vacant: list[PostKind] = []
    lowest = _ORDER.index(Step(step))
    for layer, (kind, division) in posts_of(code).items():
        if _ORDER.index(layer) < lowest:
            continue
        if (post := filled.get((kind, division))) is not None:
            return Responsible(layer, division, kind, post, tuple(vacant))
        vacant.append(kind)
    return Responsible(Step.COUNTY, county, vacant=tuple(vacant))
