"""The token endpoint, its metadata and keys, and the list of revocations that the other services follow."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Form, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import text

from services.registry.children.kit import Kit
from services.registry.identity.authenticity import authentic
from services.registry.identity.clients import all_of, grant_on, in_time, live
from services.registry.identity.issuing import METHOD, Issuer, KnownClient, claimed_client
from shared.application import USUAL, Router, Transaction
from shared.auth import ALGORITHMS, Caller, Grant, allowed
from shared.clock import today
from shared.database import SYSTEM, Database, enter
from shared.divisions import text_of
from shared.limits import TOKEN_LIFE_SECONDS
from shared.outbound import ASSERTION_TYPE
from shared.problems import responses
from shared.vocabulary import Scope

router = Router(tags=["identity"])


Word = Annotated[str, StringConstraints(max_length=200)]


class TokenOut(BaseModel):
    """An access token (访问令牌, RFC 9068), good at all services of the hub."""

    access_token: str = Field(
        max_length=8000, description="send it as `Authorization: Bearer`", examples=["eyJ…"]
    )
    token_type: str = Field(max_length=20, examples=["Bearer"])
    expires_in: int = Field(ge=1, le=TOKEN_LIFE_SECONDS, description="seconds (有效期)")
    scope: str = Field(
        max_length=2000,
        default="",
        description="the scopes it carries, with spaces between (权限)",
        examples=["records:write records:read"],
    )


class OAuthError(BaseModel):
    """RFC 6749 §5.2."""

    error: str = Field(max_length=100, examples=["invalid_client"])
    error_description: str = Field(max_length=300, default="")


@router.post(
    "/oauth2/token",
    summary="Issue a token",
    response_model=TokenOut,
    responses={400: {"model": OAuthError}, 401: {"model": OAuthError}, **responses(413, 422, 503)},
)
async def issue_token(
    request: Request,
    grant_type: Annotated[
        str,
        Form(max_length=100, description="授权类型; always this", examples=["client_credentials"]),
    ],
    client_assertion_type: Annotated[str, Form(max_length=200, examples=[ASSERTION_TYPE])],
    client_assertion: Annotated[
        str,
        Form(
            max_length=8000,
            description="A JWT that your key signed (客户端断言): `iss` and `sub` your client id, `aud` the issuer"
            " string, `exp` at most 300 s off, `jti` new each time.",
            examples=["eyJhbGciOiJFZDI1NTE5In0.e30.c2lnbmF0dXJl"],
        ),
    ],
    scope: Annotated[
        str,
        Form(
            max_length=2000,
            description="Some of your scopes (权限), with spaces between; without it all.",
            examples=["records:write records:read"],
        ),
    ] = "",
) -> JSONResponse:
    """Exchange a signed client assertion (RFC 7523, ``aud`` = the issuer string) for an access token of five minutes."""
    database: Database = request.app.state.database
    known = None
    try:
        client_id, jti, until = claimed_client(client_assertion)
    except ValueError:
        client_id = ""
    async with database.transaction(SYSTEM) as session:
        kit: Kit = request.app.state.kit
        if client_id and (client := await live(session, kit.audit, client_id)) is not None:
            life = _life(client.valid_until)
            grant = grant_on(client, kit.profiles, today(request.app.state.clock))
            known = KnownClient(grant, client.keys, assertion_is_new=True, life=life)
    form = {
        "grant_type": grant_type,
        "scope": known.get_allowed_scope(None) if known and not scope else scope,
        "client_assertion_type": client_assertion_type,
        "client_assertion": client_assertion,
    }
    issuer = Issuer(request.app.state.issuer, request.app.state.issuer_keys.signing, known)
    status, body, headers = issuer.create_token_response(form)
    if status == 200 and known is not None:
        # Recorded only now: an assertion that does not verify must not use up anyone's jti.
        async with database.transaction(SYSTEM) as session:
            fresh = await (await session.connection()).execute(
                text(
                    "INSERT INTO used_assertions (client, jti, until) VALUES (:c, :j, :u)"
                    " ON CONFLICT DO NOTHING"
                ),
                {
                    "c": client_id,
                    "j": jti,
                    "u": datetime.fromtimestamp(until, UTC) + timedelta(minutes=5),
                },
            )
        if fresh.rowcount == 0:
            known.assertion_is_new = False
            status, body, headers = issuer.create_token_response(form)
    if status != 200:
        status = 401 if body.get("error") == "invalid_client" else 400
        body = {"error": body.get("error", "invalid_request")}
    return JSONResponse(body, status, headers | {"Cache-Control": "no-store"})


def _life(until: datetime | None) -> int:
    """Seconds that a token lives, if its grant lives as long."""
    if until is None:
        return TOKEN_LIFE_SECONDS
    left = int((until - datetime.now(UTC)).total_seconds())
    return max(1, min(TOKEN_LIFE_SECONDS, left))


class Metadata(BaseModel):
    """RFC 8414."""

    issuer: str = Field(max_length=300)
    token_endpoint: str = Field(max_length=300)
    jwks_uri: str = Field(max_length=300)
    grant_types_supported: list[Word] = Field(max_length=5)
    response_types_supported: list[Word] = Field(max_length=5)
    token_endpoint_auth_methods_supported: list[Word] = Field(max_length=5)
    token_endpoint_auth_signing_alg_values_supported: list[Word] = Field(max_length=5)
    scopes_supported: list[Word] = Field(max_length=50)


@router.get("/.well-known/oauth-authorization-server", summary="Read where tokens are issued")
async def show_issuer_metadata(request: Request) -> Metadata:
    """Where and how to get a token."""
    issuer: str = request.app.state.issuer
    return Metadata(
        issuer=issuer,
        token_endpoint=f"{issuer}/oauth2/token",
        jwks_uri=f"{issuer}/.well-known/jwks.json",
        grant_types_supported=["client_credentials"],
        response_types_supported=[],
        token_endpoint_auth_methods_supported=[METHOD],
        token_endpoint_auth_signing_alg_values_supported=ALGORITHMS,
        scopes_supported=[str(s) for s in Scope],
    )


class JwksOut(BaseModel):
    keys: list[dict[str, Word]] = Field(max_length=10)


@router.get("/.well-known/jwks.json", summary="Read the keys that sign tokens")
async def show_keys(request: Request) -> JwksOut:
    """The keys that verify access tokens: the one that signs now and the one before or after it."""
    return JwksOut(keys=_jwks(request)["keys"])


def _jwks(request: Request) -> dict[str, Any]:
    return {
        "keys": [
            {k: str(v) for k, v in key.items()} for key in request.app.state.issuer_keys.public
        ]
    }


class Revoked(BaseModel):
    client: str = Field(max_length=100)
    not_before: int = Field(
        ge=0, description="tokens issued at or before this Unix second are refused"
    )


class SubscriberGrant(BaseModel):
    """What a client may be told of at this moment; its area from ``low`` to ``high``, under today's codes and as it was given."""

    client: str = Field(max_length=100)
    areas: list[tuple[int, int]] = Field(max_length=2)
    scopes: list[Word] = Field(max_length=50, description="权限范围")


class Superseded(BaseModel):
    """A local code that a national one takes over from, where that begins."""

    code: Word = Field(description="地方扩展代码")
    superseded_by: Word = Field(description="国家标准代码")


class RevocationsOut(BaseModel):
    revoked: list[Revoked] = Field(max_length=100_000)
    jwks: JwksOut
    subscribers: list[SubscriberGrant] = Field(
        default=[],
        max_length=100_000,
        description="every client that may hold subscriptions (订阅), as its grant stands: no other is told anything",
    )
    superseded: list[Superseded] = Field(
        default=[],
        max_length=1000,
        description="local codes (地方扩展代码) of the rules of places, which no other service reads",
    )


def _subscriber(grant: Grant) -> SubscriberGrant:
    areas = {(grant.low, grant.high), grant.formerly or (grant.low, grant.high)}
    return SubscriberGrant(
        client=grant.client,
        areas=sorted(areas),
        scopes=sorted(str(one) for one in grant.scopes),
    )


@router.get("/v1/revocations", summary="List revoked tokens", responses=USUAL)
async def list_revocations(
    request: Request,
    caller: Annotated[Caller, allowed(Scope.REVOCATIONS_READ, purpose=False)],
    session: Transaction,
) -> RevocationsOut:
    """Clients whose tokens are no longer good, the live keys, what subscribers may be told, and which local codes national ones
    take over from; for the hub's own services."""
    await enter(session, SYSTEM)
    keys = request.app.state.kit.audit
    now = datetime.now(UTC)
    since = now - timedelta(seconds=2 * TOKEN_LIFE_SECONDS)
    ended, subscribers = {}, []
    profiles, day = request.app.state.kit.profiles, today(request.app.state.clock)
    for client in await all_of(session):
        if not authentic(keys, client):
            # Whoever wrote that row, nothing it was issued is good any longer.
            ended[client.id] = now
        elif client.not_before is not None and client.not_before > since:
            ended[client.id] = client.not_before
        elif client.valid_until is not None and since < client.valid_until <= now:
            ended[client.id] = client.valid_until
        if client.id not in ended and client.revoked_at is None and in_time(client, now):
            grant = grant_on(client, profiles, day)
            if Scope.SUBSCRIPTIONS_WRITE in grant.scopes:
                subscribers.append(_subscriber(grant))
    return RevocationsOut(
        subscribers=subscribers,
        revoked=[Revoked(client=c, not_before=int(at.timestamp())) for c, at in ended.items()],
        jwks=JwksOut(keys=_jwks(request)["keys"]),
        superseded=[
            Superseded(code=text_of(code), superseded_by=text_of(national))
            for code, national in sorted(profiles.superseded.items())
        ],
    )
