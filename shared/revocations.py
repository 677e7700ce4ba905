"""How services other than the registry learn of revoked clients and rotated keys.

Each polls the registry every two seconds; after five seconds without an answer it refuses every token, because it
could no longer know.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import structlog
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.auth import Grant, read_token
from shared.limits import REVOCATION_POLL_SECONDS, REVOCATION_STALE_SECONDS
from shared.problems import Unauthenticated, Unavailable

log = structlog.get_logger()

#: Tokens of unknown keys cause no more than one question in this time.
KEY_POLL_SECONDS = 0.5


def key_named_in(token: str) -> str | None:
    """The key that an unverified token says it is signed with."""
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError, AttributeError, TypeError):
        return None
    return kid if isinstance(kid, str) else None


class FollowedAuthority:
    """Verifies tokens by the registry's keys and refuses those of clients revoked since they were issued."""

    def __init__(
        self,
        registry: httpx.AsyncClient,
        issuer: str,
        heard: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        """``heard`` is given each answer of the registry."""
        self._registry = registry
        self._heard = heard
        self._issuer = issuer
        self._keys = KeySet([])
        self._not_before: dict[str, int] = {}
        self._heard_at = float("-inf")

    async def grant_of(self, token: str) -> tuple[Grant, str]:
        if time.monotonic() - self._heard_at > REVOCATION_STALE_SECONDS:
            await self._try_poll()
            if time.monotonic() - self._heard_at > REVOCATION_STALE_SECONDS:
                raise Unavailable(headers={"Retry-After": "2"})
        await self._learn_key_of(token)
        claims = read_token(token, self._keys, self._issuer, time.time())
        if claims.issued_at <= self._not_before.get(claims.grant.client, -1):
            raise Unauthenticated()
        return claims.grant, claims.token_id

    async def _learn_key_of(self, token: str) -> None:
        """Ask again where a token names a key never heard of: the registry may have just begun to sign with it."""
        if time.monotonic() - self._heard_at > KEY_POLL_SECONDS and key_named_in(token) not in {
            key.kid for key in self._keys.keys
        }:
            await self._try_poll()

    async def poll(self) -> None:
        """One look at the registry's revocations and keys."""
        reply = await self._registry.get("/v1/revocations")
        reply.raise_for_status()
        body: dict[str, Any] = reply.json()
        self._keys = KeySet.import_key_set(body["jwks"])
        self._not_before = {r["client"]: r["not_before"] for r in body["revoked"]}
        self._heard(body)
        self._heard_at = time.monotonic()

    async def _try_poll(self) -> None:
        try:
            await self.poll()
        except (httpx.HTTPError, KeyError, ValueError) as error:
            log.warning("revocations.unheard", error=type(error).__name__)

    async def follow(self) -> None:
        """Poll until cancelled."""
        while True:
            await self._try_poll()
            await asyncio.sleep(REVOCATION_POLL_SECONDS)
