"""The one way out: every HTTP client of the hub is made here.

``httpx`` with the aiohttp transport (plain httpx collapses at fifty concurrent calls, encode/httpx#3215).  A hub
client authenticates by ``private_key_jwt`` (RFC 7523): it signs a one-time assertion, gets a token of at most five
minutes and renews it before it ends.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from functools import cache
from ssl import SSLContext
from typing import Any
from uuid import uuid4

import httpx
from httpx_aiohttp import AiohttpTransport
from joserfc import jwt
from joserfc.jwk import Key

from shared.jwk import algorithm
from shared.vocabulary import Scope

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@cache
def trusted() -> SSLContext:
    """Whom this process trusts on TLS: read once, as it takes longer than most requests; other certificates take a restart."""
    return httpx.create_ssl_context()


def client(base_url: str = "", timeout: float = 30, **kwargs: Any) -> httpx.AsyncClient:
    """A client that follows no redirect and reads no proxy or netrc from the environment."""
    transport = kwargs.pop("transport", None) or AiohttpTransport(verify=trusted())
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=timeout,
        transport=transport,
        follow_redirects=False,
        trust_env=False,
        **kwargs,
    )


def assertion(client_id: str, key: Key, issuer: str) -> str:
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "iat": now,
        "exp": now + 60,
        "jti": str(uuid4()),
    }
    header = {"alg": algorithm(key), "kid": key.kid, "typ": "JWT"}
    return jwt.encode(header, claims, key, algorithms=[algorithm(key)])


class ClientCredentials(httpx.Auth):
    """Sends every request with a live access token of one client."""

    def __init__(
        self,
        client_id: str,
        key: Key,
        issuer: str,
        scopes: Sequence[Scope],
        transport: httpx.AsyncBaseTransport | None = None,
        token_url: str = "",
    ) -> None:
        self.client_id = client_id
        self._token_url = token_url or f"{issuer}/oauth2/token"
        self._key = key
        self._issuer = issuer
        self._scopes = " ".join(scopes)
        self._transport = transport
        self._token = ""
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """A token with at least half a minute to live."""
        async with self._lock:
            if time.monotonic() > self._until - 30:
                async with client(transport=self._transport) as http:
                    reply = await http.post(
                        self._token_url,
                        data={
                            "grant_type": "client_credentials",
                            "scope": self._scopes,
                            "client_assertion_type": ASSERTION_TYPE,
                            "client_assertion": assertion(self.client_id, self._key, self._issuer),
                        },
                    )
                reply.raise_for_status()
                body = reply.json()
                self._token = body["access_token"]
                self._until = time.monotonic() + body["expires_in"]
            return self._token

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = f"Bearer {await self.token()}"
        reply = yield request
        if reply.status_code == 401:
            self._until = 0.0
            request.headers["Authorization"] = f"Bearer {await self.token()}"
            yield request
