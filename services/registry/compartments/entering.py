"""Entering a compartment: who may at all, and the reach under which its rows are there.

Three walls stand one behind another: the access matrix says which department may be on a list, and for which purpose; the
place's profile of the day says who is on it; and the database shows no row of any compartment but to a transaction that has
entered this one, for a department of the matrix and inside its area.  Who is refused is told the same whether any child is in
the compartment or none.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.matrix import purposes_in
from services.registry.children.kit import Kit
from services.registry.compartments.sharing import Right, Sharing, sharing_of
from services.registry.compartments.terms import FORMS, Compartment
from services.registry.profiles import Profiles
from shared.auth import Caller
from shared.database import enter
from shared.problems import Forbidden

log = structlog.get_logger()


def check_entitled(caller: Caller, compartment: Compartment) -> None:
    """Forbidden, and logged, without the compartment's own scope, or for another department or purpose than the matrix has."""
    scope = FORMS[compartment].scope
    if scope not in caller.grant.scopes:
        log.warning("compartment.refused", compartment=str(compartment), why="scope")
        needed = f'Bearer error="insufficient_scope", scope="{scope}"'
        raise Forbidden(f"Needs scope {scope}.", headers={"WWW-Authenticate": needed})
    if caller.purpose not in purposes_in(compartment, caller.department):
        log.warning("compartment.refused", compartment=str(compartment), why="purpose")
        raise Forbidden("Your department is on no list of this compartment for this purpose.")


def sharing_at(kit: Kit, compartment: Compartment, place: int, day: date) -> Sharing | None:
    """The sharing list of a place on a day; None where its rules have no such compartment then."""
    return sharing_of(kit.profiles.for_division(place, day), compartment, day)


def last_sharing_at(
    profiles: Profiles, compartment: Compartment, place: int, day: date
) -> Sharing | None:
    """The list by which what a place has is kept: that of the day, else the last one that was in force.

    A rule that runs out opens no new entry, and buries none: those that are there go on until a person closes them.
    """
    profile = profiles.for_division(place, day)
    if profile is None:
        return None
    ends = (turn - timedelta(days=1) for turn in reversed(profile.turning_days) if turn <= day)
    lists = (sharing_of(profile, compartment, one) for one in (day, *ends))
    return next((one for one in lists if one is not None), None)


def right_at(kit: Kit, caller: Caller, compartment: Compartment, place: int, day: date) -> Right:
    """How far the caller, who is entitled, sees into entries that a place keeps."""
    sharing = last_sharing_at(kit.profiles, compartment, place, day)
    return Right.NONE if sharing is None else sharing.right(caller.department)


@asynccontextmanager
async def inside(
    session: AsyncSession, caller: Caller, compartment: Compartment
) -> AsyncIterator[None]:
    """The caller's reach within this compartment for a while, then the caller's own again."""
    await enter(session, replace(caller.reach, compartment=str(compartment)))
    yield
    await enter(session, caller.reach)
