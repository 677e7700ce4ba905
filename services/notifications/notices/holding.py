"""Holding back: what must not leave after all, because a child has become shielded or is erased."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.deliveries import payloads
from services.notifications.notices.authenticity import ANSWERS
from shared.database import raw
from shared.keys import KeySet


async def hold(session: AsyncSession, children: Sequence[UUID], now: datetime) -> None:
    """Notices about these children that have not left, and that no person has released, wait for a decision.

    One that is on the wire at this moment counts as gone.
    """
    if not children:
        return
    connection = await raw(session)
    held = await connection.fetch(
        "UPDATE notices n SET state = 'awaiting_decision', version = version + 1, issued_at = NULL,"
        " direction = 'local', peer = NULL, receiver_client = NULL, receiver_name = NULL"
        " WHERE n.child = ANY($1) AND n.state = 'issued' AND n.direction <> 'incoming'"
        " AND NOT n.released"
        " AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.notice = n.id"
        "  AND (d.state <> 'pending' OR d.leased_until > clock_timestamp()))"
        " RETURNING n.id",
        list(children),
    )
    await _silence(session, [row["id"] for row in held], now)


_WITHDRAW = (
    "UPDATE notices SET state = 'withdrawn', version = version + 1, ended_at = $1, unfounded = true,"
    " untold = direction = 'outgoing' AND issued_at IS NOT NULL, answered_for = child"
    " WHERE direction <> 'incoming' AND state IN ('awaiting_decision', 'issued', 'delivered', 'read', 'accepted')"
)


async def withdraw_arrived(
    session: AsyncSession, keys: KeySet, left: Sequence[tuple[UUID, int]], now: datetime
) -> None:
    """End the open *arrived* notices of these children to the hukou places that they have left."""
    if left:
        where = "kind = 'arrived' AND (child, target_county) IN (SELECT * FROM unnest($2::uuid[], $3::bigint[]))"
        await _withdraw(session, keys, now, where, *map(list, zip(*left, strict=True)))


async def withdraw_doubled(
    session: AsyncSession, keys: KeySet, merged: Sequence[UUID], now: datetime
) -> None:
    """End the open *arrived* notices that came to these children by a merge and say what another of theirs says already.

    If they are parted again, the child that left is told of anew.
    """
    if merged:
        where = (
            "kind = 'arrived' AND first_child IS NOT NULL AND child = ANY($2)"
            " AND EXISTS (SELECT FROM notices o WHERE o.child = notices.child AND o.kind = 'arrived'"
            "  AND o.direction <> 'incoming' AND o.state <> 'withdrawn' AND o.id <> notices.id"
            "  AND (o.origin_county, o.target_county) = (notices.origin_county, notices.target_county)"
            "  AND (o.first_child IS NULL OR o.id < notices.id))"
        )
        await _withdraw(session, keys, now, where, list(merged))


async def withdraw_untrue(
    session: AsyncSession, keys: KeySet, untrue: Sequence[tuple[UUID, int, int]], now: datetime
) -> None:
    """End the open *arrived* notices that told these children's residence and hukou while two were taken for one.

    What had been told of either before they were merged is not among them.
    """
    if untrue:
        where = (
            "kind = 'arrived' AND first_child IS NULL AND (child, origin_county, target_county) IN"
            " (SELECT * FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]))"
        )
        await _withdraw(session, keys, now, where, *map(list, zip(*untrue, strict=True)))


async def withdraw_all(
    session: AsyncSession, keys: KeySet, children: Sequence[UUID], now: datetime
) -> None:
    """End every open notice of our own about erased children; peers that heard of one are told."""
    if children:
        await _withdraw(session, keys, now, "child = ANY($2)", list(children))


async def _withdraw(
    session: AsyncSession, keys: KeySet, now: datetime, where: str, *values: object
) -> None:
    """End them, each with its MAC: of a withdrawal that the service did not make no other hub is told."""
    connection = await raw(session)
    ended = await connection.fetch(
        f"{_WITHDRAW} AND {where} RETURNING {', '.join(ANSWERS.columns)}", now, *values
    )
    await connection.executemany(
        "UPDATE notices SET answer_mac = $2 WHERE id = $1",
        [(row["id"], ANSWERS.mac(keys, row)) for row in ended],
    )
    await _silence(session, [row["id"] for row in ended], now)


async def _silence(session: AsyncSession, notices: Sequence[UUID], now: datetime) -> None:
    """Take the notice out of what is waiting to be told; a lane keeps its number, with a neutral update."""
    if not notices:
        return
    connection = await raw(session)
    await connection.execute(
        "UPDATE deliveries SET state = 'cancelled', ended_at = $2"
        " WHERE notice = ANY($1) AND client IS NULL AND state IN ('pending', 'parked')",
        list(notices),
        now,
    )
    for row in await connection.fetch(
        "SELECT id, body FROM deliveries WHERE notice = ANY($1) AND state IN ('pending', 'parked')",
        list(notices),
    ):
        await connection.execute(
            "UPDATE deliveries SET notice = NULL, body = $2 WHERE id = $1",
            row["id"],
            _neutral(row["body"]),
        )
    await connection.execute(
        "UPDATE announcements SET notice = NULL WHERE notice = ANY($1)", list(notices)
    )


def _neutral(body: bytes) -> bytes:
    """The message without the notice; one that somebody wrote past the hub is left empty, and goes to nobody."""
    try:
        event: dict[str, Any] = orjson.loads(body)
        event["data"].pop("notice", None)
    except (AttributeError, KeyError, TypeError, ValueError):
        return b""
    return payloads.encoded({**event, "type": payloads.UPDATED})
