"""Every operation of the three documents, tried by those who may not.

Nobody, everybody with a token that is not good, and those whose good token lacks the scope, the purpose or the person.
Those of another place are in ``test_foreign_places.py``.
"""

from collections.abc import Mapping

import pytest
import pytest_asyncio
from fastapi.routing import iter_route_contexts

from shared import auth
from shared.outbound import ClientCredentials, assertion
from shared.vocabulary import SERVICE_SCOPES, Department, Purpose, Scope
from tests.guards.asking import SERVICES, ask, operations, problem
from tests.guards.forging import FORGERIES, Minted
from tests.guards.operations import Operation, operations_of
from tests.guards.story import HOME, PEOPLE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: All that may be called without a token.  This list can only shrink.
OPEN = {
    *(f"{service} get /{name}" for service in SERVICES for name in ("healthz", "readyz")),
    "registry post /oauth2/token",
    "registry get /.well-known/oauth-authorization-server",
    "registry get /.well-known/jwks.json",
    # Signed by a peer hub, which is all the credential they take.
    "notifications post /v1/peer/notices",
    "notifications post /v1/peer/answers",
    "notifications post /v1/peer/receipts",
}
SIGNED = {one for one in OPEN if "/v1/peer/" in one}
#: Served outside the documents: the documents themselves, their pages, and the figures for the operator's network.
BESIDE = {
    "/openapi.json",
    "/docs",
    "/docs/oauth2-redirect",
    "/redoc",
    "/static-offline-docs",
    "/metrics",
}
#: Operations that name no purpose: a department's own pushes and what became of them; the rules themselves; the hub's own
#: services.
WITHOUT_PURPOSE = {
    Scope.RECORDS_WRITE,
    Scope.PROFILES_READ,
    Scope.ACCESS_READ,
    *SERVICE_SCOPES,
}
WITHOUT_PURPOSE_BY_ID = {"list_feeds"}
"""How timely one's own department pushes: it tells of sources, and of no child."""


def secured(world: World) -> list[Operation]:
    return [one for one in operations(world) if str(one) not in OPEN]


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    """These tests ask faster than a client may."""
    auth._buckets.clear()


async def test_only_these_operations_take_no_token(world: World) -> None:
    assert {str(one) for one in operations(world) if not one.scopes} == OPEN


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_but_documents_and_figures_stands_beside_the_document(
    world: World, service: str
) -> None:
    app = world.hub.apps[service]
    documented = {(one.path, one.method.upper()) for one in operations_of(service, app.openapi())}
    routed = {
        (route.path, method)
        for route in iter_route_contexts(app.routes)
        for method in (getattr(route, "methods", None) or {"MOUNTED"})
    }
    assert {path for path, method in routed - documented if method != "HEAD"} == BESIDE


async def test_without_a_token_nothing_is_answered(world: World) -> None:
    wrong = []
    for one in secured(world):
        reply = await ask(world, one)
        if (reply.status_code, problem(reply)) != (401, "unauthenticated"):
            wrong.append((str(one), reply.status_code, problem(reply)))
    assert not wrong


@pytest.mark.parametrize("scheme", ["Basic", "bearer token", "", "DPoP"])
async def test_a_good_token_counts_only_as_a_bearer(world: World, scheme: str) -> None:
    token = await world.token(Department.CIVIL_AFFAIRS, HOME)
    wrong = []
    for one in secured(world):
        reply = await ask(world, one, headers={"Authorization": f"{scheme} {token}".strip()})
        if reply.status_code != 401:
            wrong.append((str(one), reply.status_code))
    assert not wrong


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def good(world: World) -> Mapping[str, Minted]:
    """By operation's scope, a token that would be good for it."""
    key = world.hub.apps["registry"].state.issuer_keys.signing
    person = Minted.of(await world.token(Department.CIVIL_AFFAIRS, HOME), key)
    service = Minted.of(
        await world.token(
            Department.SERVICE, "all", scopes=frozenset(SERVICE_SCOPES), name="all-services"
        ),
        key,
    )
    return {scope: service if scope in SERVICE_SCOPES else person for scope in Scope}


@pytest.mark.parametrize("fault", FORGERIES)
async def test_a_token_that_is_not_good_opens_nothing(
    world: World, good: Mapping[str, Minted], fault: str
) -> None:
    forged = {scope: FORGERIES[fault](minted) for scope, minted in good.items()}
    wrong = []
    for one in secured(world):
        reply = await ask(world, one, forged[one.scopes[0]])
        if (reply.status_code, problem(reply)) != (401, "unauthenticated"):
            wrong.append((str(one), reply.status_code, problem(reply)))
    assert not wrong


async def test_the_token_that_forgeries_are_made_from_is_good(
    world: World, good: Mapping[str, Minted]
) -> None:
    """Else the tests above would show nothing."""
    refused = []
    for one in secured(world):
        for token in (good[one.scopes[0]].token, good[one.scopes[0]].signed()):
            reply = await ask(world, one, token)
            if reply.status_code == 401:
                refused.append((str(one), reply.status_code))
    assert not refused


async def test_a_client_assertion_is_no_access_token(world: World) -> None:
    who = await world.credentials_of(Department.CIVIL_AFFAIRS, HOME)
    token = assertion(who.client_id, who._key, world.issuer)
    assert {(await ask(world, one, token)).status_code for one in secured(world)} == {401}


async def test_without_its_scope_each_operation_is_forbidden(world: World) -> None:
    """Once as a client that was never granted it, once as one that left it out of its token."""
    wrong = []
    for one in secured(world):
        (needed,) = one.scopes
        lesser = await _token_without(world, Scope(needed))
        for token in lesser:
            reply = await ask(world, one, token)
            if (reply.status_code, problem(reply)) != (403, "forbidden"):
                wrong.append((str(one), reply.status_code, problem(reply)))
    assert not wrong


async def _token_without(world: World, scope: Scope) -> tuple[str, str]:
    service = scope in SERVICE_SCOPES
    department = Department.SERVICE if service else Department.CIVIL_AFFAIRS
    every = frozenset(SERVICE_SCOPES) if service else PEOPLE
    never = await world.token(
        department,
        "all",
        scopes=every - {scope},
        name=f"{department}-not-{scope}".replace(":", "-"),
    )
    full = await world.credentials_of(department, "all", scopes=every, name=f"every-{department}")
    narrowed = ClientCredentials(
        full.client_id,
        full._key,
        world.issuer,
        sorted(every - {scope}),
        transport=world.hub.network,
    )
    return never, await narrowed.token()


async def test_whatever_tells_of_children_asks_why_and_for_whom(world: World) -> None:
    silent = {
        one.id
        for one in secured(world)
        if not one.reads and not WITHOUT_PURPOSE & {Scope(s) for s in one.scopes}
    }
    assert silent == WITHOUT_PURPOSE_BY_ID


@pytest.mark.parametrize(
    "missing",
    [
        {"Hutong-Purpose": ""},
        {"Hutong-Actor": ""},
        {"Hutong-Purpose": "", "Hutong-Actor": ""},
        {"Hutong-Purpose": Purpose.SURVEY},
    ],
    ids=["no purpose", "no actor", "neither", "a purpose that is not granted"],
)
async def test_without_purpose_or_actor_nothing_is_read(
    world: World, missing: Mapping[str, str]
) -> None:
    token = await world.token(
        Department.CIVIL_AFFAIRS, HOME, purposes=(Purpose.KEY_CARE,), name="one-purpose"
    )
    wrong = []
    for one in secured(world):
        if one.reads:
            reply = await ask(world, one, token, missing)
            if (reply.status_code, problem(reply)) != (403, "purpose-required"):
                wrong.append((str(one), reply.status_code, problem(reply)))
    assert not wrong


@pytest.mark.parametrize("path", sorted(one.rpartition(" ")[2] for one in SIGNED))
async def test_a_peer_is_known_by_its_signature_alone(world: World, path: str) -> None:
    (operation,) = [one for one in operations(world) if one.path == path]
    token = await world.token(Department.HUB, "3717")
    body = operation.request()["content"]
    stranger = {
        "webhook-id": "1",
        "webhook-timestamp": str(int(world.hub.clock.now().timestamp())),
        "webhook-signature": "v1a," + "A" * 86 + "==",
    }
    for headers in ({}, stranger, world.hub.relay_headers(body)):
        reply = await ask(world, operation, token, headers)
        assert (reply.status_code, problem(reply)) == (401, "unauthenticated")


async def test_events_need_the_relays_signature_besides_its_token(world: World) -> None:
    (operation,) = [one for one in operations(world) if one.id == "receive_events"]
    token = await (await world.as_service("registry")).token()
    anyone = await world.anyone("notifications")
    request = operation.request(headers={"Authorization": f"Bearer {token}"})
    unsigned = await anyone.request(**request)
    request["headers"] |= world.hub.relay_headers(request["content"] + b" ")
    wrongly = await anyone.request(**request)
    assert (unsigned.status_code, wrongly.status_code) == (401, 401)
    assert unsigned.content == wrongly.content
