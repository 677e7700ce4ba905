"""Opening and withdrawing a round: acts of civil affairs of the area, one round of an area at a time."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.kit import Kit
from services.registry.profiles import Profiles
from services.registry.rulebooks import adopting
from services.registry.survey_rounds import queries
from services.registry.survey_rounds.schemas import RoundIn
from services.registry.survey_rounds.timing import cycle
from shared import divisions
from shared.auth import Caller
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Conflict, Flaw, Forbidden, Invalid


def days_of(profiles: Profiles, division: int, opens_on: date, closes_on: date | None) -> date:
    """The last day; Invalid where the rules of the place do not allow it, or set none and none is given."""
    latest = cycle(profiles.for_division(division, opens_on), opens_on).latest_end
    if closes_on is None:
        if latest is None:
            raise _flawed(
                "not_configured", "The rules of the place set no cycle: say when it ends."
            )
        return latest
    if closes_on < opens_on:
        raise _flawed("before_opening", "A round ends on or after its first day.")
    if latest is not None and closes_on > latest:
        raise _flawed("longer_than_cycle", f"By the rules of the place it ends by {latest}.")
    return closes_on


def _flawed(code: str, detail: str) -> Invalid:
    return Invalid(flaws=[Flaw("/body/closes_on", code, detail)])


async def open_round(
    session: AsyncSession, kit: Kit, caller: Caller, body: RoundIn, now: datetime
) -> UUID:
    """The new round's id; Forbidden outside the caller's area, Conflict beside another round of the same division."""
    division = divisions.widen(body.division)
    low, high = divisions.area_of(division)
    if not (caller.covers(low) and caller.covers(high)):
        raise Forbidden("Open rounds for places inside your area.")
    closes_on = days_of(kit.profiles, division, body.opens_on, body.closes_on)
    if await queries.overlaps(session, kit.audit, division, body.opens_on, closes_on):
        raise Conflict("Another round of this division covers one of these days.")
    # By these rules it is read for as long as it is there.
    await adopting.keep(await raw(session), kit.audit, kit.profiles, now)
    made = uuid7()
    days = (body.opens_on, closes_on)
    await queries.insert(session, kit.audit, caller, made, division, (low, high), days, now)
    return made
