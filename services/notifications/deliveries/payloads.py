"""What a webhook says: CloudEvents 1.0 in JSON, thin and neutral.  Pure.

An opaque reference, a county, a lane and a number: neither the child nor what happened can be read from it.  The
receiver reads the details under its own token.  Of a case (个案) only that one waits, by its id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from shared.divisions import text_of
from shared.hashes import keyed
from shared.keys import KeySet
from shared.limits import WEBHOOK_MAX_BYTES

UPDATED = "cn.hutong.child.updated"
NOTICE = "cn.hutong.notice"
WAITING = "cn.hutong.case.waiting"
PEER_NOTICE = "cn.hutong.peer.notice"
PEER_ANSWER = "cn.hutong.peer.answer"
PEER_RECEIPT = "cn.hutong.peer.receipt"


class TooLarge(Exception):
    """A payload above the limit of a signed message; nothing we write comes near it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in whose lane an item stands."""

    county: int
    lane: UUID
    number: int


def item(
    hub: str,
    item_id: UUID,
    at: datetime,
    reference: str | None,
    place: Place,
    notice: UUID | None,
    case: UUID | None = None,
) -> dict[str, Any]:
    """The item of the feed, which is also the body of the webhook."""
    data: dict[str, Any] = {
        "county": text_of(place.county),
        "lane": str(place.lane),
        "number": place.number,
    }
    if notice is not None:
        data["notice"] = str(notice)
    if case is not None:
        data["case"] = str(case)
    type_ = NOTICE if notice else WAITING if case else UPDATED
    return envelope(hub, type_, item_id, at, reference, data)


def envelope(
    hub: str,
    type_: str,
    id_: UUID,
    at: datetime,
    subject: str | None,
    data: Mapping[str, Any],
    audience: str | None = None,
) -> dict[str, Any]:
    """``audience`` names the one hub for which a message to a peer is meant."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(id_),
        "source": f"urn:hutong:{hub}",
        "type": type_,
        "time": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": dict(data),
    }
    if subject is not None:
        event["subject"] = subject
    if audience is not None:
        event["audience"] = audience
    return event


def encoded(event: Mapping[str, Any]) -> bytes:
    body = orjson.dumps(event)
    if len(body) > WEBHOOK_MAX_BYTES - 200:
        raise TooLarge
    return body


def derived_id(keys: KeySet, purpose: str, receiver: str, source: UUID) -> UUID:
    """An id that is the same for one receiver and source at every try, and tells two receivers nothing in common."""
    raw = bytearray(keyed(keys.key, purpose, receiver, source)[:16])
    raw[6] = raw[6] & 0x0F | 0x80  # version 8 (RFC 9562: custom)
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))
