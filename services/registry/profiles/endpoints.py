"""Reading the rules of a place: they are public texts, so neither purpose nor actor is asked for."""

from typing import Annotated

from fastapi import Path, Query, Request

from services.registry.children.kit import Kit
from services.registry.profiles.schemas import ProfileOut
from services.registry.profiles.showing import shown
from services.registry.records.feeds.wire import DivisionText
from services.registry.rulebooks import adopting
from shared import divisions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import SHANGHAI
from shared.database import raw
from shared.days import AskedDay
from shared.parameters import KnownAt, passed
from shared.problems import NotFound
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["rules"], responses=USUAL)


@router.get(
    "/profiles/{division}", summary="Read the rules of a place", response_model_exclude_none=True
)
async def show_profile(
    request: Request,
    division: Annotated[DivisionText, Path(examples=["500103"])],
    caller: Annotated[Caller, allowed(Scope.PROFILES_READ, purpose=False)],
    session: Transaction,
    on: Annotated[
        AskedDay | None,
        Query(description="the day; default that of `known_at`, else today, in Asia/Shanghai"),
    ] = None,
    known_at: KnownAt = None,
) -> ProfileOut:
    """The rules for children living in a place on a day, with clauses, validity and what is still open.

    With `known_at` those by which the hub went then: what an administrator has amended since, and dated back, is not among
    them; nor what had not been adopted yet, though it held already.

    404 where no profile covers the place.  Any place may be asked about: a child's hukou may lie anywhere.
    """
    kit: Kit = request.app.state.kit
    then = passed(known_at, request.app.state.clock.now())
    profiles = kit.profiles
    if known_at is not None:
        connection = await raw(session)
        adopted = await adopting.as_adopted(connection, kit.audit, kit.profiles, [then])
        profiles = adopted[then]
    day = on or then.astimezone(SHANGHAI).date()
    code = divisions.widen(division)
    profile = profiles.for_division(code, day)
    if profile is None:
        raise NotFound()
    return ProfileOut.model_validate(shown(profile, code, day))
