"""Who is calling, and what they may do.

Cast: a *grant* says department, scopes, one division range, purposes; a *token* (RFC 9068 ``at+jwt``) carries a
grant for at most five minutes; a *caller* is a verified token plus the purpose and the acting person that this one
request names.  An *authority* turns a token into a grant: the registry asks its database at each request, the other
services verify the signature and follow the registry's revocations.
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

import structlog
from fastapi import Depends, Header, Request, Security
from fastapi.openapi.models import OAuth2 as OAuth2Model
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security.base import SecurityBase
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict

from shared import parameters
from shared.database import Reach
from shared.limits import RATE_BURST, RATE_PER_SECOND
from shared.problems import Forbidden, PurposeMissing, TooMany, Unauthenticated
from shared.vocabulary import SCOPE_MEANINGS, Department, Purpose, Scope

ALGORITHMS = ["Ed25519", "ES256"]
TOKEN_TYPE = "at+jwt"  # noqa: S105  (a media type, not a secret)
#: What names a job, not a person (``Hutong-Actor: system:nightly``).
MACHINES = "system:"
ACTOR = re.compile(r"^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$")


class Grant(BaseModel):
    """What one client may do.  ``low``–``high`` is its area; ``sources`` the systems it speaks for.

    ``formerly`` is the area that it was granted, where that bears another code by now: it may push for it as it did.

    A ``contractor`` (委托机构) does field work for its department and reads its own records alone.
    """

    model_config = ConfigDict(frozen=True)

    client: str
    department: Department
    low: int
    high: int
    scopes: frozenset[Scope]
    purposes: frozenset[Purpose]
    sources: tuple[str, ...]
    categories: tuple[str, ...] = ()
    contractor: bool = False
    compartments: tuple[str, ...] = ()
    formerly: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    grant: Grant
    actor: str
    purpose: str
    token_id: str = ""

    @property
    def client(self) -> str:
        return self.grant.client

    @property
    def department(self) -> Department:
        return self.grant.department

    @property
    def reach(self) -> Reach:
        grant = self.grant
        return Reach(
            grant.low,
            grant.high,
            grant.department,
            grant.client,
            grant.categories,
            grant.sources,
            grant.contractor,
            grant.compartments,
        )

    def covers(self, code: int) -> bool:
        return self.grant.low <= code <= self.grant.high

    def office(self, code: int) -> int | None:
        """The code under which the caller acts for an office that it names; None where that is none of its own.

        An office named by a code that has ended is its area's own by now.
        """
        if self.covers(code):
            return code
        low, high = self.grant.formerly or (1, 0)
        return self.grant.low if low <= code <= high else None


class Authority(Protocol):
    async def grant_of(self, token: str) -> tuple[Grant, str]:
        """The grant behind a token and the token's id; Unauthenticated when it is not good (any more)."""
        ...


@dataclass(frozen=True, slots=True)
class Claims:
    grant: Grant
    issued_at: int
    token_id: str


def read_token(token: str, keys: KeySet, issuer: str, now: float) -> Claims:
    """Verify signature, type, issuer, audience and life of an access token."""
    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        claims: dict[str, Any] = decoded.claims
        if decoded.header.get("typ") != TOKEN_TYPE:
            raise Unauthenticated()
        if claims["iss"] != issuer or claims["aud"] != issuer:
            raise Unauthenticated()
        if not claims["iat"] - 10 <= now < claims["exp"]:
            raise Unauthenticated()
        grant = Grant.model_validate(
            {**claims["grant"], "client": claims["client_id"], "scopes": claims["scope"].split()}
        )
        return Claims(grant, int(claims["iat"]), str(claims["jti"]))
    except (JoseError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unauthenticated() from error


class _Scheme(SecurityBase):
    """OAuth 2.0 client credentials, as OpenAPI shows it."""

    def __init__(self) -> None:
        flow = OAuthFlowClientCredentials(
            tokenUrl="/oauth2/token",
            scopes={str(s): meaning for s, meaning in SCOPE_MEANINGS.items()},
        )
        self.model = OAuth2Model(flows=OAuthFlows(clientCredentials=flow))
        self.scheme_name = "hutong"

    async def __call__(self, request: Request) -> str:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
        return token.strip()


SCHEME = _Scheme()


@dataclass
class Bucket:
    """A token bucket: ``rate`` a second on average, ``burst`` at once; per client and process."""

    rate: float = RATE_PER_SECOND
    burst: float = RATE_BURST
    at: float = field(default_factory=time.monotonic)
    level: float = field(init=False)

    def __post_init__(self) -> None:
        self.level = self.burst

    def take(self, now: float) -> bool:
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


_buckets: dict[str, Bucket] = {}

PurposeHeader = Annotated[
    Purpose | None,
    Header(
        alias="Hutong-Purpose", description="Why the data is used (用途); one that the grant holds."
    ),
]
ActorHeader = Annotated[
    str | None,
    Header(
        alias="Hutong-Actor",
        description="Opaque staff id of the acting person (操作人), asserted by the client; never a name.",
        max_length=64,
        pattern=ACTOR.pattern,
    ),
]


def allowed(scope: Scope, *, purpose: bool = True) -> Any:
    """A dependency: the caller, once its token holds ``scope`` and (unless off) purpose and actor are named."""
    check: Callable[..., Awaitable[Caller]]
    if purpose:

        async def with_purpose(
            request: Request,
            token: Annotated[str, Security(SCHEME, scopes=[scope])],
            named_purpose: PurposeHeader = None,
            actor: ActorHeader = None,
        ) -> Caller:
            grant, token_id = await _grant(request, token, scope)
            if named_purpose is None or actor is None or named_purpose not in grant.purposes:
                raise PurposeMissing()
            return _keep(request, Caller(grant, actor, named_purpose, token_id))

        check = with_purpose
    else:

        async def without_purpose(
            request: Request,
            token: Annotated[str, Security(SCHEME, scopes=[scope])],
            actor: ActorHeader = None,
        ) -> Caller:
            grant, token_id = await _grant(request, token, scope)
            return _keep(request, Caller(grant, actor or f"{MACHINES}{grant.client}", "", token_id))

        check = without_purpose
    return Depends(check)


async def _grant(request: Request, token: str, scope: Scope) -> tuple[Grant, str]:
    authority: Authority = request.app.state.authority
    try:
        grant, token_id = await authority.grant_of(token)
    except Unauthenticated as refused:
        refused.headers = {**refused.headers, "WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise
    if not _buckets.setdefault(grant.client, Bucket()).take(time.monotonic()):
        raise TooMany(headers={"Retry-After": "1"})
    if scope not in grant.scopes:
        needed = f'Bearer error="insufficient_scope", scope="{scope}"'
        raise Forbidden(f"Needs scope {scope}.", headers={"WWW-Authenticate": needed})
    parameters.check(request)
    return grant, token_id


def _keep(request: Request, caller: Caller) -> Caller:
    request.state.caller = caller
    structlog.contextvars.bind_contextvars(client=caller.client)
    return caller
