"""Urging: by when what is urgent (紧急任务) is to be followed up, to which layer it has come, and which post answers for it.

The post is that of the child's home, passed over where it is vacant, as for any other duty (``duties.routing``).  Each time the
place's limit passes, it rises by a layer, village, township, county.  Without a limit nothing would ever lift it: then the
lowest post acts, and the county answers for it from the first instant.

It stands in the entry alone, reckoned when the entry is read: no row, no event and no list outside the compartment knows of
it.  Of a shielded child, and of one that lives elsewhere or is not seen, the county answers.  Whoever sees no address of the
child is told the layer, and no post: that would be its village.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.compartments.terms import UrgencyState
from services.registry.duties.routing import Responsible, posts_of, route
from services.registry.duties.terms import Step
from services.registry.posts import queries as posts
from services.registry.rulebooks.lasting import Lasting
from shared import divisions
from shared.auth import Caller
from shared.vocabulary import Department

_LAYERS = (Step.VILLAGE, Step.TOWNSHIP, Step.COUNTY)


@dataclass(frozen=True, slots=True)
class Urgency:
    """``step`` is the layer to which it has come; ``responsible`` who acts."""

    state: UrgencyState
    step: Step
    due_at: datetime | None
    responsible: Responsible


def risen(
    since: datetime, limit: Lasting[timedelta] | None, now: datetime
) -> tuple[UrgencyState, Step]:
    """Whether it is late, and the layer to which it has come."""
    if limit is None:
        return UrgencyState.NO_LIMIT_CONFIGURED, Step.COUNTY
    since, within = limit.begins(since), limit.value
    if now <= since + within:
        return UrgencyState.WITHIN_LIMIT, Step.VILLAGE
    return UrgencyState.OVERDUE, Step.TOWNSHIP if now <= since + 2 * within else Step.COUNTY


def home_of(place: int, child: Any | None) -> int:
    """The code by which the duty is routed: the child's home in the county that keeps the entry, else that county."""
    if child is None or child["shielded"] or child["residence_code"] is None:
        return place
    code: int = child["residence_code"]
    return code if divisions.county_of(code) == place else place


def urgency(
    home: int,
    since: datetime,
    limit: Lasting[timedelta] | None,
    now: datetime,
    filled: Mapping[tuple[str, int], UUID],
) -> Urgency:
    """What is urgent since then, for a child of that home; ``filled`` are the posts that are held."""
    state, step = risen(since, limit, now)
    lowest = Step.VILLAGE if limit is None else step
    responsible = route(home, lowest, Department.CIVIL_AFFAIRS, filled)
    come = max(step, responsible.step, key=_LAYERS.index)
    return Urgency(
        state, come, None if limit is None else limit.begins(since) + limit.value, responsible
    )


def without_place(found: Urgency) -> Urgency:
    """The same for whoever sees no address: which posts are vacant would tell of a village too."""
    answers = found.responsible
    county = divisions.county_of(answers.division)
    return replace(found, responsible=Responsible(answers.step, county, answers.kind))


async def filled_for(
    session: AsyncSession, caller: Caller, homes: set[int]
) -> dict[tuple[str, int], UUID]:
    """The held posts to which these homes lead, whichever department reads of them."""
    wanted = {at for home in homes for _, at in posts_of(home).values()}
    if not wanted:
        return {}
    async with as_system(session, caller):
        return await posts.filled(session, wanted)
