"""Schemathesis over the three documents: whatever is sent, the answer is one that the document foretells.

Examples, coverage of every schema's edges, and fuzzing, valid and invalid, against the real apps with tokens that are good for
each operation.  No server error, no undocumented status or type, no answer that does not fit its schema, and no error
that repeats what was sent.
"""

import json
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, checks
from schemathesis.config import SchemathesisConfig
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi import checks as openapi_checks

from services.commands.contracts import document
from services.registry.records.feeds import FEEDS
from shared import signatures
from shared.vocabulary import SERVICE_SCOPES, Department, Scope
from tests.contracts.conftest import Reached
from tests.guards.story import HOME, World

#: Fuzzed cases an operation, valid and invalid ones together; coverage comes on top.
CASES = 4


def config(*, coverage: bool) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 20261120,
            "generation": {
                "mode": "all",
                "max-examples": CASES,
                "deterministic": True,
                "with-security-parameters": False,
            },
            "phases": {
                "coverage": {"enabled": coverage, "unexpected-methods": []},
                "stateful": {"enabled": False},
            },
        }
    )


#: All feeds share most of their schema and all of their recalls and imports: the largest stands for them all there, and the
#: others' own pushes are fuzzed.
LARGEST = "surveys"
OTHERS = "|".join(feed for feed in FEEDS if feed != LARGEST)
OF_OTHERS = f"^/v1/(imports/)?({OTHERS})(/recalls)?$"
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
#: Of whose cases one in so many is sent: their edges are thousands of combinations of the same few kinds of field.
ONE_IN = 3
SHORTEST_ECHO = 8
DOCUMENTS = {service: document(service) for service in ("registry", "matching", "notifications")}
TEXTS = {
    service: json.dumps(one, ensure_ascii=False) + json.dumps(one)
    for service, one in DOCUMENTS.items()
}


@schemathesis.serializer(
    "application/x-ndjson", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)
def as_it_is(_: Any, value: Any) -> bytes:
    """A body of lines and a workbook are sent as they are; what is not bytes becomes one line."""
    held = getattr(value, "data", value)
    if isinstance(held, str):
        return held.encode(errors="surrogatepass")
    return held if isinstance(held, bytes) else json.dumps(held).encode() + b"\n"


quickly = settings(
    max_examples=CASES,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


REGISTRY = from_dict(DOCUMENTS["registry"], config=config(coverage=True))
FEEDS_ALONE = from_dict(DOCUMENTS["registry"], config=config(coverage=False))
MATCHING = from_dict(DOCUMENTS["matching"], config=config(coverage=True))
NOTIFICATIONS = from_dict(DOCUMENTS["notifications"], config=config(coverage=True))


@REGISTRY.exclude(path_regex=OF_OTHERS).parametrize()
@quickly
def test_registry(case: Case, reached: Reached) -> None:
    hold(case, reached, "registry")


@FEEDS_ALONE.include(path_regex=f"^/v1/({OTHERS})$").parametrize()
@quickly
def test_the_other_feeds(case: Case, reached: Reached) -> None:
    hold(case, reached, "registry")


@MATCHING.parametrize()
@quickly
def test_matching(case: Case, reached: Reached) -> None:
    hold(case, reached, "matching")


@NOTIFICATIONS.parametrize()
@quickly
def test_notifications(case: Case, reached: Reached) -> None:
    hold(case, reached, "notifications")


def hold(case: Case, reached: Reached, service: str) -> None:
    """Send the case with all that its operation asks for, and hold the answer against the document."""
    if feed_of(case) == LARGEST and zlib.crc32(repr(case.body).encode(errors="replace")) % ONE_IN:
        return
    made = case.as_transport_kwargs(base_url=reached.world.hub.url(service))
    prepared = requests.Request(**made).prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
    headers = {**prepared.headers, **reached.run(credentials(reached.world, case, body))}
    try:
        request = httpx.Request(
            str(prepared.method), str(prepared.url), headers=headers, content=body
        )
    except (httpx.InvalidURL, UnicodeEncodeError):
        return  # no client can send it
    reply = reached.send(service, request)
    reply.request = request
    case.validate_response(reply, checks=CHECKS)
    said = refusals_in(reply)
    for value in sent_in(case):
        if len(value) >= SHORTEST_ECHO and value not in TEXTS[service]:
            assert value not in said, f"{case.operation.label} repeats what was sent"


def feed_of(case: Case) -> str:
    """What a push, a recall or an import is of; something else for every other operation."""
    path = str(case.operation.path).removeprefix("/v1/").removeprefix("imports/")
    return path.split("/")[0]


async def credentials(world: World, case: Case, body: bytes) -> dict[str, str]:
    """A token of someone who may, and the signature where one is asked for."""
    path = str(case.operation.path)
    if path.startswith("/v1/peer/"):
        return signatures.sign([world.peer_key], "1", world.hub.clock.now(), body)
    security = case.operation.definition.raw.get("security", [])
    scopes = [Scope(scope) for one in security for held in one.values() for scope in held]
    if not scopes:
        return {}
    if SERVICE_SCOPES & set(scopes):
        token = await world.token(
            Department.SERVICE, "all", scopes=SERVICE_SCOPES, name="all-services"
        )
    else:
        feed = feed_of(case)
        mine = FEEDS[feed].departments[0] if feed in FEEDS else Department.CIVIL_AFFAIRS
        token = await world.token(mine, HOME)
    made = {"Authorization": f"Bearer {token}"}
    if Scope.EVENTS_WRITE in scopes:
        made |= world.hub.relay_headers(body)
    return made


def refusals_in(reply: httpx.Response) -> str:
    """What an answer says of what is wrong; of single items too, but for the client's own ids."""
    if reply.status_code == 207:
        return json.dumps([r.get("errors") for r in reply.json()["results"]], ensure_ascii=False)
    return reply.text if reply.status_code >= 400 else ""


def sent_in(case: Case) -> Iterator[str]:
    yield from texts_in(case.body)
    yield from texts_in(case.query)
    yield from texts_in(case.path_parameters)


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value: names of fields too, since a client may send anything as one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)
