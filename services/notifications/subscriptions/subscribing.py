"""Making, rotating, resuming and ending subscriptions."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.deliveries.egress import Refused, check_url
from services.notifications.deliveries.models import Delivery, Receiver
from services.notifications.settings import Network
from services.notifications.subscriptions import queries
from services.notifications.subscriptions.keys import new_key
from services.notifications.subscriptions.models import SigningKey
from services.notifications.subscriptions.schemas import ItemKind, SubscriptionIn
from shared.auth import Caller
from shared.database import raw
from shared.divisions import area_of, widen
from shared.limits import SUBSCRIPTIONS_OF_A_CLIENT
from shared.preconditions import check, etag, given
from shared.problems import Conflict, Flaw, Forbidden, Invalid
from shared.sealing import Sealer
from shared.vocabulary import Scope

GRACE = timedelta(hours=24)


class TooManySubscriptions(Conflict):
    type = "too-many-subscriptions"
    title = "A client has at most twenty subscriptions"
    title_zh = "订阅数量已达上限"


NOT_CALLED = "Give HTTPS at a public address, or ask the operator to list your network (HUTONG_NOTIFICATIONS_ALLOWED_NETWORKS)."


async def subscribe(
    session: AsyncSession,
    caller: Caller,
    wanted: SubscriptionIn,
    receiver_id: UUID,
    sealer: Sealer,
    allowed: tuple[Network, ...],
    now: datetime,
) -> Receiver:
    """A new subscription with a key pair of its own; its area lies inside the caller's grant, its kinds in its scopes."""
    low, high = _area(caller, wanted.area)
    kinds = _kinds(caller, wanted)
    try:
        check_url(wanted.url, allowed)
    except Refused:
        flaw = Flaw("/body/url", "egress", NOT_CALLED)
        raise Invalid(flaws=[flaw]) from None
    if len(await queries.of_client(session, caller)) >= SUBSCRIPTIONS_OF_A_CLIENT:
        raise TooManySubscriptions
    receiver = Receiver(
        id=receiver_id,
        kind="subscription",
        client=caller.client,
        department=caller.department,
        url=wanted.url,
        low=low,
        high=high,
        kinds=kinds,
        created_at=now,
    )
    session.add(receiver)
    await session.flush()
    _add_key(session, sealer, receiver, now)
    await session.flush()
    return receiver


def _kinds(caller: Caller, wanted: SubscriptionIn) -> list[str]:
    """What was asked for, else all that the caller may read; Forbidden for cases without their scope."""
    kinds = dict.fromkeys(wanted.kinds)
    if ItemKind.CASES in kinds and Scope.CASES_READ not in caller.grant.scopes:
        if "kinds" in wanted.model_fields_set:
            needed = f'Bearer error="insufficient_scope", scope="{Scope.CASES_READ}"'
            raise Forbidden(
                f"Needs scope {Scope.CASES_READ}.", headers={"WWW-Authenticate": needed}
            )
        del kinds[ItemKind.CASES]
    return [str(kind) for kind in kinds]


async def rotate(
    session: AsyncSession,
    caller: Caller,
    receiver_id: UUID,
    sealer: Sealer,
    if_match: str | None,
    immediate: bool,
    now: datetime,
) -> Receiver:
    """A new current key; the old ones sign along for a day, or not at all any more."""
    receiver = await queries.for_change(session, caller, receiver_id)
    check(given(if_match), etag(receiver.version))
    retires_at = now if immediate else now + GRACE
    await session.exec(
        update(SigningKey)
        .where(
            col(SigningKey.receiver) == receiver.id,
            col(SigningKey.retires_at).is_(None) | (col(SigningKey.retires_at) > retires_at),
        )
        .values(retires_at=retires_at)
    )
    _add_key(session, sealer, receiver, now)
    return await _changed(session, receiver)


async def resume(
    session: AsyncSession,
    caller: Caller,
    receiver_id: UUID,
    if_match: str | None,
    now: datetime,
) -> Receiver:
    """Call the address again: enable it, close its breaker, and start parked deliveries afresh."""
    receiver = await queries.for_change(session, caller, receiver_id)
    check(given(if_match), etag(receiver.version))
    receiver.enabled, receiver.disabled_because = True, None
    receiver.failures, receiver.opened, receiver.open_until = 0, 0, None
    await session.exec(
        update(Delivery)
        .where(
            col(Delivery.receiver) == receiver.id, col(Delivery.state).in_(["parked", "pending"])
        )
        .values(state="pending", attempts=0, due_at=now)
    )
    return await _changed(session, receiver)


async def unsubscribe(
    session: AsyncSession, caller: Caller, receiver_id: UUID, if_match: str | None
) -> None:
    """End it, with its keys, lanes and whatever still waited."""
    receiver = await queries.for_change(session, caller, receiver_id)
    check(given(if_match), etag(receiver.version))
    connection = await raw(session)
    await connection.execute(
        "DELETE FROM vault.data_keys WHERE id IN (SELECT id FROM signing_keys WHERE receiver = $1)",
        receiver.id,
    )
    await session.delete(receiver)


def _add_key(session: AsyncSession, sealer: Sealer, receiver: Receiver, now: datetime) -> None:
    assert receiver.client is not None
    signing_key, data_key = new_key(sealer, receiver.id, receiver.client, now)
    session.add(signing_key)
    session.add(data_key)


async def _changed(session: AsyncSession, receiver: Receiver) -> Receiver:
    receiver.version += 1
    session.add(receiver)
    await session.flush()
    return receiver


def _area(caller: Caller, text: str | None) -> tuple[int, int]:
    if text is None:
        return caller.grant.low, caller.grant.high
    low, high = area_of(widen(text))
    if not (caller.covers(low) and caller.covers(high)):
        raise Invalid(flaws=[Flaw("/body/area", "area", "It is not inside the grant.")])
    return low, high
