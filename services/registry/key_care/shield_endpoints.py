"""Shielding (地址保密): hiding where a child lives from everyone, and showing it again.

Both are decisions on the child as a whole; the fold goes by the last one.
"""

from typing import Annotated
from uuid import UUID

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.subjects import where_it_lives
from services.registry.children.kit import Kit
from services.registry.key_care import deciding, showing
from services.registry.key_care.deciding import SHIELD, UNSHIELD, Word
from services.registry.key_care.schemas import ShieldedOut, ShieldIn, UnshieldIn
from shared import audit
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.idempotency import Ids, KeyHeader, once
from shared.problems import Conflict, responses
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["children"], responses={**USUAL, **responses(409)})

Shielder = Annotated[Caller, allowed(Scope.CHILDREN_SHIELD)]


@router.post("/children/{child_id}/shield", summary="Shield a child")
async def shield_child(
    request: Request,
    child_id: UUID,
    body: ShieldIn,
    caller: Shielder,
    session: Transaction,
    idempotency_key: KeyHeader = None,
) -> ShieldedOut:
    """Hide the child's addresses, and its divisions below the county, from every reader.

    Civil affairs (民政) of the child's residence or hukou place alone.  No notice about a shielded child leaves
    without a person's decision.  A child already shielded is a conflict (409).
    """
    deciding.check_reason(body.reason, body.note)
    return await _turn(request, session, caller, child_id, SHIELD, body, idempotency_key)


@router.post("/children/{child_id}/unshield", summary="End a child's shielding")
async def unshield_child(
    request: Request,
    child_id: UUID,
    body: UnshieldIn,
    caller: Shielder,
    session: Transaction,
    idempotency_key: KeyHeader = None,
) -> ShieldedOut:
    """Show the child's addresses again to those to whom the access matrix opens them.

    Civil affairs (民政) of the place where it lives alone, or of its hukou place where it lives in no county of this hub.
    A child not shielded is a conflict (409).
    """
    deciding.check_reason(body.reason, body.note)
    return await _turn(request, session, caller, child_id, UNSHIELD, body, idempotency_key)


async def _turn(
    request: Request,
    session: AsyncSession,
    caller: Caller,
    child_id: UUID,
    kind: str,
    body: ShieldIn | UnshieldIn,
    key: str | None,
) -> ShieldedOut:
    word = Word(kind, "", body.reason, body.note)
    showing.sight_of_decider(caller)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        child = await deciding.hold(session, caller, child_id)
        if word.kind == UNSHIELD:
            where_it_lives(child["residence_code"], kit.territory, caller.grant)
        if child["shielded"] == (word.kind == SHIELD):
            raise Conflict("The child is so already.")
        made = await deciding.decide(session, kit, caller, child_id, word, (), now)
        done = audit.Act.of(caller, f"children.{word.kind}", [child_id], decision=str(made))
        await audit.record(session, kit.audit, now, done)
        return {"child": child_id, "decision": made}

    operation = f"children.{word.kind}:{child_id}"
    ids = await once(session, kit.entries.key, caller, operation, key, body, now, effect)
    return ShieldedOut(**ids)
