"""The registry's way to tell matching what people decided."""

from fastapi import Request

from services.matching.links.endpoints import Registry, linker_of
from services.matching.links.schemas import LinkOut
from services.matching.rulings import ruling as ruling_
from services.matching.rulings.schemas import MAX_RULED, RuledOut, RulingsIn
from shared.application import USUAL, Router, Transaction

router = Router(prefix="/v1", tags=["rulings"], responses=USUAL)


@router.post("/rulings", summary="Carry out rulings")
async def make_rulings(
    request: Request, caller: Registry, session: Transaction, rulings: RulingsIn
) -> RuledOut:
    """Take rulings back, and hold entries together or apart whatever the model says: all of it or
    nothing. What ends is as if it had never been made, and a ruling that is not known has ended.
    Answers where the entries stand now; others that moved with them are among the link changes.
    """
    holds = [one.ruling_of() for one in rulings.holds]
    links = await ruling_.rule(session, linker_of(request), holds, rulings.ends)
    return RuledOut(items=[LinkOut.of(link) for link in links[:MAX_RULED]])
