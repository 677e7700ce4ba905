"""Entitling: what a subscriber may still be told, judged as a message is about to leave, by the grant that its client has then.

A subscription is made under a grant that an operator may narrow or end on any day; what was made under it goes on waiting.  The
worker asks the registry every two seconds.  While it cannot, nobody but peer hubs is sent anything: nothing is lost by that, and
nobody is told what is not theirs any more.  What is not theirs any more is cancelled; the feed has it for whoever may read it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
import orjson
import structlog

from services.notifications.codes import Codes
from services.notifications.deliveries.payloads import WAITING
from shared.limits import REVOCATION_POLL_SECONDS, REVOCATION_STALE_SECONDS
from shared.vocabulary import Scope

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Entitled:
    """A client's area and scopes at this moment."""

    areas: tuple[tuple[int, int], ...]
    scopes: frozenset[str]

    def covers(self, *codes: int) -> bool:
        return any(low <= code <= high for low, high in self.areas for code in codes)


class Subscribers:
    """The clients that may be told anything, as the registry named them last."""

    def __init__(self, registry: httpx.AsyncClient, codes: Codes) -> None:
        self._registry = registry
        self._codes = codes
        self._entitled: Mapping[str, Entitled] = {}
        self._heard_at = float("-inf")
        self.just_asked = False

    async def known(self) -> bool:
        """Whether it is known who may be told what; asked anew where that was not asked for two seconds."""
        self.just_asked = False
        if time.monotonic() - self._heard_at > REVOCATION_POLL_SECONDS:
            try:
                await self.ask()
            except (httpx.HTTPError, KeyError, ValueError, TypeError) as error:
                log.warning("revocations.unheard", error=type(error).__name__)
        return time.monotonic() - self._heard_at <= REVOCATION_STALE_SECONDS

    async def ask(self) -> None:
        asked_at = time.monotonic()
        reply = await self._registry.get("/v1/revocations")
        reply.raise_for_status()
        told = reply.json()
        self._codes.hear(told)
        self._entitled = {
            one["client"]: Entitled(
                tuple((low, high) for low, high in one["areas"]), frozenset(one["scopes"])
            )
            for one in told["subscribers"]
        }
        self._heard_at, self.just_asked = asked_at, True

    def forget(self) -> None:
        """Ask anew before anything else is sent."""
        self._heard_at = float("-inf")

    def may_be_told(self, client: str, body: bytes, day: date) -> bool:
        """Whether a message that was made for a client is still for it."""
        entitled = self._entitled.get(client)
        if entitled is None:
            return False
        try:
            message: dict[str, Any] = orjson.loads(body)
            if message["type"] == WAITING and Scope.CASES_READ not in entitled.scopes:
                return False
            county = int(message["data"]["county"])
            return entitled.covers(county, self._codes.code_on(county, day))
        except (KeyError, TypeError, ValueError):  # written past the hub: it holds up nobody else's
            return False
