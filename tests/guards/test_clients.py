"""Clients and their tokens over time: one-time assertions, rotated keys, a revocation that bites everywhere."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import Key

from services.registry import application as registry_app
from services.registry.identity import clients
from shared import auth, jwk
from shared.database import SYSTEM
from shared.outbound import ASSERTION_TYPE, ClientCredentials, assertion
from shared.revocations import KEY_POLL_SECONDS
from shared.vocabulary import Department, Scope
from tests.guards.forging import FORGERIES, Minted
from tests.guards.story import HOME, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

WITHIN_SECONDS = 5.0


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    """These tests ask faster than a client may."""
    auth._buckets.clear()


async def someone(world: World, **more: Any) -> ClientCredentials:
    """A client of its own for one test."""
    return await world.credentials_of(
        Department.CIVIL_AFFAIRS, HOME, name=f"test-{uuid4()}", **more
    )


async def ask_for_token(world: World, said: str, **form: str) -> httpx.Response:
    return await (await world.anyone("registry")).post(
        "/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": said,
            **form,
        },
    )


def claimed(who: ClientCredentials, world: World, key: Key | None = None, **claims: Any) -> str:
    """An assertion with other claims; None drops one."""
    now = int(time.time())
    said = {
        "iss": who.client_id,
        "sub": who.client_id,
        "aud": world.issuer,
        "iat": now,
        "exp": now + 60,
        "jti": str(uuid4()),
        **claims,
    }
    signer = key or who._key
    header = {"alg": jwk.algorithm(signer), "kid": signer.kid, "typ": "JWT"}
    kept = {k: v for k, v in said.items() if v is not None}
    return jwt.encode(header, kept, signer, algorithms=[header["alg"]])


async def test_an_assertion_is_good_once(world: World) -> None:
    who = await someone(world)
    said = assertion(who.client_id, who._key, world.issuer)
    first, second = await ask_for_token(world, said), await ask_for_token(world, said)
    assert (first.status_code, second.status_code) == (200, 401)
    assert second.json() == {"error": "invalid_client"}


async def test_an_assertion_is_good_once_however_many_bring_it_at_once(world: World) -> None:
    who = await someone(world)
    said = assertion(who.client_id, who._key, world.issuer)
    replies = await asyncio.gather(*(ask_for_token(world, said) for _ in range(20)))
    assert sorted(reply.status_code for reply in replies) == [200] + [401] * 19


async def test_the_same_jti_of_another_client_is_another_assertion(world: World) -> None:
    jti = str(uuid4())
    replies = [
        await ask_for_token(world, claimed(await someone(world), world, jti=jti)) for _ in range(2)
    ]
    assert [reply.status_code for reply in replies] == [200, 200]


async def test_an_assertion_that_does_not_verify_uses_up_no_jti(world: World) -> None:
    who, jti = await someone(world), str(uuid4())
    forged = claimed(who, world, jwk.new_key("another"), jti=jti)
    assert (await ask_for_token(world, forged)).status_code == 401
    assert (await ask_for_token(world, claimed(who, world, jti=jti))).status_code == 200


NOW = time.time
WRONG: Mapping[str, Callable[[World], Mapping[str, Any]]] = {
    "the audience in an array": lambda world: {"aud": [world.issuer]},
    "the endpoint as audience": lambda world: {"aud": f"{world.issuer}/oauth2/token"},
    "another hub as audience": lambda _: {"aud": "https://registry.heze.example"},
    "no audience": lambda _: {"aud": None},
    "another issuer": lambda _: {"iss": "someone-else"},
    "another subject": lambda _: {"sub": "someone-else"},
    "no jti": lambda _: {"jti": None},
    "no expiry": lambda _: {"exp": None},
    "a minute past its expiry": lambda _: {"iat": int(NOW()) - 120, "exp": int(NOW()) - 60},
    "a minute before its time": lambda _: {"iat": int(NOW()) + 60, "exp": int(NOW()) + 120},
    "not valid for a minute yet": lambda _: {"nbf": int(NOW()) + 60},
    "living too long": lambda _: {"exp": int(NOW()) + 3600},
    "an expiry that is no number": lambda _: {"exp": "soon"},
    "a jti that is no text": lambda _: {"jti": 7},
    "a jti with NUL": lambda _: {"jti": "a\x00b"},
}


@pytest.mark.parametrize("fault", WRONG)
async def test_an_assertion_that_is_not_right_gets_no_token(world: World, fault: str) -> None:
    who = await someone(world)
    reply = await ask_for_token(world, claimed(who, world, **WRONG[fault](world)))
    assert (reply.status_code, reply.json()) == (401, {"error": "invalid_client"})


async def test_clocks_may_differ_by_a_few_seconds(world: World) -> None:
    who, now = await someone(world), int(time.time())
    for claims in ({"iat": now + 8, "exp": now + 60}, {"iat": now - 60, "exp": now - 8}):
        assert (await ask_for_token(world, claimed(who, world, **claims))).status_code == 200


@pytest.mark.parametrize(
    "forgery", ["alg none", "HMAC by the public JWK", "HMAC by the public PEM", "signature cut off"]
)
async def test_a_forged_assertion_gets_no_token(world: World, forgery: str) -> None:
    who = await someone(world)
    good = Minted.of(assertion(who.client_id, who._key, world.issuer), who._key)
    reply = await ask_for_token(world, FORGERIES[forgery](good))
    assert (reply.status_code, reply.json()) == (401, {"error": "invalid_client"})


async def test_nobody_can_tell_which_clients_there_are(world: World) -> None:
    who, key = await someone(world), jwk.new_key("another")
    known = await ask_for_token(world, claimed(who, world, key))
    nobody = ClientCredentials("nobody", key, world.issuer, [])
    unknown = await ask_for_token(world, claimed(nobody, world))
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


async def test_nobody_gets_more_than_is_granted(world: World) -> None:
    who = await someone(world, scopes=frozenset({Scope.CHILDREN_READ}))
    for asked in (
        Scope.KEY_CARE_READ,
        f"{Scope.CHILDREN_READ} {Scope.KEY_CARE_READ}",
        "everything",
    ):
        reply = await ask_for_token(world, claimed(who, world), scope=asked)
        assert (reply.status_code, reply.json()) == (400, {"error": "invalid_scope"})
    for grant in ("password", "authorization_code", "refresh_token"):
        reply = await ask_for_token(world, claimed(who, world), grant_type=grant)
        assert reply.status_code == 400


async def test_two_keys_are_good_during_a_rotation_and_never_a_third(world: World) -> None:
    who = await someone(world)
    first, second, third = who._key, jwk.new_key("second"), jwk.new_key("third")

    async def good(*keys: Key) -> list[bool]:
        replies = [await ask_for_token(world, claimed(who, world, key)) for key in keys]
        return [reply.status_code == 200 for reply in replies]

    assert await good(first, second) == [True, False]
    await _change(world, lambda session: _rotate(world, session, who, second))
    assert await good(first, second, third) == [True, True, False]
    await _change(world, lambda session: _rotate(world, session, who, third))
    assert await good(first, second, third) == [False, True, True]


async def test_the_private_half_of_a_key_is_never_kept(world: World) -> None:
    who = await someone(world)
    await _change(world, lambda s: _rotate(world, s, who, jwk.new_key("new"), private=True))
    (row,) = await world.rows("SELECT keys::text FROM clients WHERE id = $1", who.client_id)
    assert '"d"' not in row["keys"]


def _audit(world: World) -> Any:
    return world.hub.apps["registry"].state.kit.audit


async def _rotate(
    world: World, session: Any, who: ClientCredentials, key: Key, **shown: bool
) -> None:
    await clients.rotate(
        session, _audit(world), who.client_id, key.as_dict(**shown), datetime.now(UTC)
    )


async def _change(world: World, act: Callable[[Any], Any]) -> None:
    async with world.hub.apps["registry"].state.database.transaction(SYSTEM) as session:
        await act(session)


async def _revoke(world: World, client: str) -> None:
    await _change(
        world, lambda session: clients.revoke(session, _audit(world), client, datetime.now(UTC))
    )


async def _status(world: World, service: str, path: str, token: str) -> int:
    auth._buckets.clear()
    headers = {
        "Authorization": f"Bearer {token}",
        "Hutong-Purpose": "key_care",
        "Hutong-Actor": "staff-7",
    }
    return (await (await world.anyone(service)).get(path, headers=headers)).status_code


async def test_revocation_bites_at_once_where_tokens_are_made(world: World) -> None:
    who = await someone(world)
    token = await who.token()
    assert await _status(world, "registry", "/v1/feeds", token) == 200
    await _revoke(world, who.client_id)
    assert await _status(world, "registry", "/v1/feeds", token) == 401
    assert (await ask_for_token(world, claimed(who, world))).status_code == 401


@pytest.mark.parametrize(
    ("service", "path", "department", "scopes"),
    [
        ("notifications", "/v1/notices", Department.CIVIL_AFFAIRS, {Scope.NOTICES_READ}),
        ("matching", "/v1/link-changes", Department.SERVICE, {Scope.RESOLUTIONS_WRITE}),
    ],
    ids=["notifications", "matching"],
)
async def test_revocation_bites_elsewhere_within_five_seconds(
    world: World, service: str, path: str, department: Department, scopes: set[Scope]
) -> None:
    who = await world.credentials_of(
        department, "all", scopes=frozenset(scopes), name=f"revoked-at-{service}"
    )
    token = await who.token()
    assert await _status(world, service, path, token) == 200
    await _revoke(world, who.client_id)
    revoked_at = time.monotonic()
    while (status := await _status(world, service, path, token)) == 200:
        assert time.monotonic() - revoked_at < WITHIN_SECONDS
        await asyncio.sleep(0.1)
    assert status == 401
    other = await (await someone(world)).token()
    if service == "notifications":
        assert await _status(world, service, path, other) == 200


async def test_who_cannot_hear_of_revocations_refuses_everybody(world: World) -> None:
    token = await (await someone(world)).token()
    world.hub.network.cut.add(world.hub.url("registry"))
    try:
        cut_at = time.monotonic()
        while (status := await _status(world, "notifications", "/v1/notices", token)) == 200:
            assert time.monotonic() - cut_at < WITHIN_SECONDS + 1
            await asyncio.sleep(0.1)
        assert status == 503
        ready = await (await world.anyone("notifications")).get("/readyz")
        assert ready.status_code == 200
    finally:
        world.hub.network.cut.discard(world.hub.url("registry"))
    assert await _status(world, "notifications", "/v1/notices", token) == 200


async def test_tokens_outlive_the_rotation_of_the_issuers_key(world: World) -> None:
    """Last: it puts another registry process in the place of the first."""
    who = await someone(world)
    old = await who.token()
    keys = world.hub.home / "keys" / "registry"
    (keys / "issuer.jwk").rename(keys / "issuer-previous.jwk")
    jwk.save(jwk.new_issuer_key("issuer-2"), keys / "issuer.jwk")
    async with _restarted(world):
        new = await ClientCredentials(
            who.client_id, who._key, world.issuer, [], transport=world.hub.network
        ).token()
        jwks = (await (await world.anyone("registry")).get("/.well-known/jwks.json")).json()
        assert [key["kid"] for key in jwks["keys"]] == ["issuer-2", "issuer-1"]
        assert not any("d" in key for key in jwks["keys"])
        await asyncio.sleep(
            KEY_POLL_SECONDS
        )  # else a key that is heard of in between is unknown until then
        for token in (old, new):
            assert await _status(world, "registry", "/v1/feeds", token) == 200
            assert await _status(world, "notifications", "/v1/notices", token) == 200
    (keys / "issuer-previous.jwk").unlink()
    async with _restarted(world):
        assert await _status(world, "registry", "/v1/feeds", old) == 401
        assert await _status(world, "registry", "/v1/feeds", new) == 200


@asynccontextmanager
async def _restarted(world: World) -> Any:
    """The registry's API as a process that has just read its key files."""
    settings = world.hub.apps["registry"].state.settings
    app = registry_app.create_app(settings, world.hub.clock, world.hub.network)
    async with app.router.lifespan_context(app):
        world.hub.network.apps[world.hub.url("registry")] = httpx.ASGITransport(app=app)
        yield
