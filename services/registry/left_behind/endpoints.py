"""Deciding whether a child is left behind (留守儿童, R62): a person of civil affairs, by evidence or without."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.children.building import open_reading
from services.registry.children.gathering import decisions_of, rows_of
from services.registry.children.kit import Kit
from services.registry.key_care import deciding
from services.registry.key_care.deciding import Word
from services.registry.key_care.showing import sight_of_decider
from services.registry.left_behind.schemas import LeftBehindIn, LeftBehindOut
from services.registry.left_behind.standing import LeftBehind, stand
from services.registry.left_behind.terms import (
    ALLOWED,
    DECIDED_AS,
    REASONS,
    LeftBehindDecision,
)
from shared import audit, divisions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import SHANGHAI
from shared.database import raw
from shared.idempotency import Ids, KeyHeader, once
from shared.problems import Conflict, Forbidden, Unavailable, responses
from shared.sealing import Unsealable
from shared.vocabulary import Purpose, Scope

router = Router(prefix="/v1", tags=["children"], responses={**USUAL, **responses(409)})

Decider = Annotated[Caller, allowed(Scope.GUARDIANSHIP_WRITE)]


@router.post("/children/{child_id}/left-behind", summary="Decide whether a child is left behind")
async def decide_left_behind(
    request: Request,
    child_id: UUID,
    body: LeftBehindIn,
    caller: Decider,
    session: Transaction,
    idempotency_key: KeyHeader = None,
) -> LeftBehindOut:
    """Confirm, refuse or end: civil affairs (民政) of the child's residence or hukou place alone, for key care.

    A child that came back to its hukou county, or whose parents are away as the place's rules ask, is proposed, and an alert
    `left_behind` asks for this; a person may confirm without.  What does not follow from how it stands, and confirming a
    child that lives outside its hukou county, is a conflict (409).
    """
    if caller.purpose != Purpose.KEY_CARE:
        raise Forbidden("This is decided for key care alone.")
    sight_of_decider(caller)
    deciding.check_reason(body.reason, body.note, REASONS[body.decision])
    kit: Kit = request.app.state.kit
    now: datetime = request.app.state.clock.now()

    async def effect() -> Ids:
        child = await deciding.hold(session, caller, child_id)
        found = await _stands(session, kit, caller, child_id, now)
        state = str(found.state) if found else "none"
        if body.decision not in ALLOWED[state]:
            raise Conflict(f"A child that is {state} takes no such decision.")
        if body.decision == LeftBehindDecision.CONFIRM and not _at_home(
            child["residence_code"], child["hukou_code"]
        ):
            raise Conflict("It does not live in its hukou county.")
        word = Word(DECIDED_AS[body.decision], "", body.reason, body.note)
        records = found.evidence if found else ()
        made = await deciding.decide(session, kit, caller, child_id, word, records, now)
        done = audit.Act.of(caller, f"left_behind.{body.decision}", [child_id], decision=str(made))
        await audit.record(session, kit.audit, now, done)
        return {"child": child_id, "decision": made}

    operation = f"left_behind.decide:{child_id}"
    ids = await once(
        session, kit.entries.key, caller, operation, idempotency_key, body, now, effect
    )
    return LeftBehindOut(**ids)


def _at_home(residence: int | None, hukou: int | None) -> bool:
    if residence is None or hukou is None:
        return False
    return divisions.county_of(residence) == divisions.county_of(hukou)


async def _stands(
    session: AsyncSession, kit: Kit, caller: Caller, child: UUID, now: datetime
) -> LeftBehind | None:
    """How the child, which is held, stands by what was folded of it; Unavailable where that cannot be read."""
    broken: set[UUID] = set()
    async with as_system(session, caller):
        connection = await raw(session)
        rows = await rows_of(connection, [child])
        words = await decisions_of(connection, kit.sealer, [child], broken)
    try:
        reading, _ = open_reading(kit.sealer, rows[child])
    except Unsealable:
        broken.add(child)
    if child in broken:
        raise Unavailable(headers={"Retry-After": "60"})
    live = [one.entry_id for one in reading.held]
    day = now.astimezone(SHANGHAI).date()
    return stand(reading.folded, live, words.get(child, ()), kit.profiles, day)
