"""Subscriptions (订阅): where a client wants its webhooks."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request, Response

from services.notifications.deliveries.models import Receiver
from services.notifications.hub import Hub
from services.notifications.peers.endpoints import Now
from services.notifications.subscriptions import queries, subscribing
from services.notifications.subscriptions.schemas import (
    ItemKind,
    RotationIn,
    SubscriptionIn,
    SubscriptionOut,
    SubscriptionsOut,
)
from shared import audit
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import Clock
from shared.contract import TAGGED
from shared.idempotency import Ids, KeyHeader, once
from shared.ids import uuid7
from shared.preconditions import IfMatch, etag
from shared.problems import responses
from shared.sealing import Sealer
from shared.vocabulary import Scope

router = Router(prefix="/v1/subscriptions", tags=["subscriptions"])
Subscriber = Annotated[Caller, allowed(Scope.SUBSCRIPTIONS_WRITE)]
SubscriptionId = Annotated[UUID, Path(description="The subscription's id.")]
ENDING = {**USUAL, **responses(412, 428)}
CHANGING = {200: TAGGED, **ENDING}
#: What a rotation without a body is.
WITH_GRACE = RotationIn()


@router.post(
    "",
    status_code=201,
    summary="Subscribe",
    response_model=SubscriptionOut,
    response_model_exclude_none=True,
    responses={201: TAGGED, **USUAL, **responses(409)},
)
async def subscribe(
    request: Request,
    response: Response,
    caller: Subscriber,
    session: Transaction,
    clock: Now,
    subscription: SubscriptionIn,
    key: KeyHeader = None,
) -> SubscriptionOut:
    """Have signed, thin webhooks sent to your address.  Keep the public key: it verifies every one of them."""
    hub: Hub = request.app.state.hub
    now = clock.now()

    async def effect() -> Ids:
        sealer = Sealer(request.app.state.master_keys)
        networks = request.app.state.settings.allowed_networks
        wanted = uuid7()
        await subscribing.subscribe(session, caller, subscription, wanted, sealer, networks, now)
        await _remember(request, session, caller, "subscriptions.make", wanted)
        return {"subscription": wanted}

    made = await once(
        session, hub.ids.key, caller, "subscriptions.make", key, subscription, now, effect
    )
    receiver = await queries.for_change(session, caller, made["subscription"])
    return await _answer(response, session, receiver, clock)


@router.get(
    "",
    summary="List your subscriptions",
    response_model=SubscriptionsOut,
    response_model_exclude_none=True,
    responses=USUAL,
)
async def list_subscriptions(
    caller: Subscriber, session: Transaction, clock: Now
) -> SubscriptionsOut:
    """All of your client's subscriptions, with what waits for each."""
    return SubscriptionsOut(
        subscriptions=await _shown(session, await queries.of_client(session, caller), clock)
    )


@router.get(
    "/{subscription_id}",
    summary="Read a subscription",
    response_model=SubscriptionOut,
    response_model_exclude_none=True,
    responses={200: TAGGED, **USUAL},
)
async def read_subscription(
    response: Response,
    caller: Subscriber,
    session: Transaction,
    clock: Now,
    subscription_id: SubscriptionId,
) -> SubscriptionOut:
    """One of your subscriptions."""
    receiver = await queries.for_change(session, caller, subscription_id)
    return await _answer(response, session, receiver, clock)


@router.delete("/{subscription_id}", status_code=204, summary="Unsubscribe", responses=ENDING)
async def unsubscribe(
    request: Request,
    caller: Subscriber,
    session: Transaction,
    subscription_id: SubscriptionId,
    if_match: IfMatch = None,
) -> None:
    """End a subscription; what still waited for it is dropped."""
    await subscribing.unsubscribe(session, caller, subscription_id, if_match)
    await _remember(request, session, caller, "subscriptions.end", subscription_id)


@router.post(
    "/{subscription_id}/rotation",
    summary="Rotate the signing key",
    response_model=SubscriptionOut,
    response_model_exclude_none=True,
    responses=CHANGING,
)
async def rotate_key(
    request: Request,
    response: Response,
    caller: Subscriber,
    session: Transaction,
    clock: Now,
    subscription_id: SubscriptionId,
    rotation: RotationIn = WITH_GRACE,
    if_match: IfMatch = None,
) -> SubscriptionOut:
    """Make a new key pair.  Old and new both sign for 24 hours, or the old one stops at once."""
    sealer = Sealer(request.app.state.master_keys)
    receiver = await subscribing.rotate(
        session, caller, subscription_id, sealer, if_match, rotation.immediate, clock.now()
    )
    await _remember(
        request,
        session,
        caller,
        "subscriptions.rotate",
        subscription_id,
        immediate=rotation.immediate,
    )
    return await _answer(response, session, receiver, clock)


@router.post(
    "/{subscription_id}/resumption",
    summary="Resume deliveries",
    response_model=SubscriptionOut,
    response_model_exclude_none=True,
    responses=CHANGING,
)
async def resume_subscription(
    request: Request,
    response: Response,
    caller: Subscriber,
    session: Transaction,
    clock: Now,
    subscription_id: SubscriptionId,
    if_match: IfMatch = None,
) -> SubscriptionOut:
    """Try everything that waits or is parked again, now; also after your address had answered 410."""
    receiver = await subscribing.resume(session, caller, subscription_id, if_match, clock.now())
    await _remember(request, session, caller, "subscriptions.resume", subscription_id)
    return await _answer(response, session, receiver, clock)


async def _remember(
    request: Request,
    session: Transaction,
    caller: Caller,
    operation: str,
    subscription: UUID,
    **detail: Any,
) -> None:
    done = audit.Act.of(caller, operation, id=str(subscription), **detail)
    state = request.app.state
    await audit.record(session, state.audit_keys, state.clock.now(), done)


async def _answer(
    response: Response, session: Transaction, receiver: Receiver, clock: Clock
) -> SubscriptionOut:
    response.headers["ETag"] = etag(receiver.version)
    return (await _shown(session, [receiver], clock))[0]


async def _shown(
    session: Transaction, receivers: Sequence[Receiver], clock: Clock
) -> list[SubscriptionOut]:
    ids = [receiver.id for receiver in receivers]
    keys = await queries.public_keys(session, ids, clock.now())
    backlogs = await queries.backlogs(session, ids)
    shown = []
    for receiver in receivers:
        waiting, parked = backlogs.get(receiver.id, (0, 0))
        shown.append(
            SubscriptionOut(
                id=receiver.id,
                url=receiver.url,
                low=f"{receiver.low:012d}",
                high=f"{receiver.high:012d}",
                kinds=[ItemKind(kind) for kind in receiver.kinds],
                enabled=receiver.enabled,
                disabled_because=receiver.disabled_because,
                version=receiver.version,
                public_keys=keys.get(receiver.id, []),
                created_at=receiver.created_at,
                waiting=waiting,
                parked=parked,
            )
        )
    return shown
