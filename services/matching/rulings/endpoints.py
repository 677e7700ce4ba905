"""The registry's way to tell matching what people decided."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from services.matching.links.endpoints import Registry, linker_of
from services.matching.links.schemas import LinkOut, LinksOut
from services.matching.rulings import ruling as ruling_
from services.matching.rulings.schemas import RulingIn
from shared.application import USUAL, Transaction

router = APIRouter(prefix="/v1", tags=["rulings"], responses=USUAL)


@router.post("/rulings")
async def make_ruling(
    request: Request, caller: Registry, session: Transaction, ruling: RulingIn
) -> LinksOut:
    """Hold entries together or apart, whatever the model says. Answers where they stand now; other
    entries that moved with them are among the link changes.
    """
    links = await ruling_.rule(session, linker_of(request), ruling.ruling_of())
    return LinksOut(items=[LinkOut.of(link) for link in links])


@router.post("/rulings/{ruling}/withdrawal")
async def withdraw_ruling(
    request: Request, caller: Registry, session: Transaction, ruling: Annotated[UUID, Path()]
) -> LinksOut:
    """Take a ruling back: its entries stand as if it had never been made."""
    links = await ruling_.withdraw(session, linker_of(request), ruling)
    return LinksOut(items=[LinkOut.of(link) for link in links])
