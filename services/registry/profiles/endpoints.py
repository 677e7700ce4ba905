"""Reading the rules of a place: they are public texts, so neither purpose nor actor is asked for."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from services.registry.children.kit import Kit
from services.registry.profiles.schemas import ProfileOut
from services.registry.profiles.showing import shown
from services.registry.records.feeds.wire import DivisionText
from shared import divisions
from shared.application import USUAL
from shared.auth import Caller, allowed
from shared.clock import today
from shared.days import AskedDay
from shared.problems import NotFound
from shared.vocabulary import Scope

router = APIRouter(prefix="/v1", tags=["rules"], responses=USUAL)


@router.get(
    "/profiles/{division}", summary="Read the rules of a place", response_model_exclude_none=True
)
async def show_profile(
    request: Request,
    division: Annotated[DivisionText, Path(examples=["500103"])],
    caller: Annotated[Caller, allowed(Scope.PROFILES_READ, purpose=False)],
    on: Annotated[
        AskedDay | None, Query(description="the day; default today in Asia/Shanghai")
    ] = None,
) -> ProfileOut:
    """The rules for children living in a place on a day, with clauses, validity and what is still open.

    404 where no profile covers the place.  Any place may be asked about: a child's hukou may lie anywhere.
    """
    kit: Kit = request.app.state.kit
    day = on or today(request.app.state.clock)
    code = divisions.widen(division)
    profile = kit.profiles.for_division(code, day)
    if profile is None:
        raise NotFound()
    return ProfileOut.model_validate(shown(profile, code, day))
