"""The smoke story: three departments push one child, and a fourth hand reads it.

Runs inside the hub's network as an operator (``admin`` in docker-compose.yml) against real processes; each step
prints a line, and the first that is not as it must be ends the story with status 1.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import httpx

from services.deployment.databases import RUNTIME, url_file
from services.registry.identity import clients
from services.registry.records.feeds import FEEDS
from services.registry.settings import RegistrySettings
from shared import jwk
from shared.database import SYSTEM, Database
from shared.ids import uuid7
from shared.outbound import ClientCredentials, client
from shared.vocabulary import Department, Purpose, Scope

COUNTY = "500103"
CHILD = {"name": "示小明", "id_number": "50010320170503001X", "birth_date": "2017-05-03"}
PUSHES = {
    "enrolments": Department.EDUCATION,
    "surveys": Department.CIVIL_AFFAIRS,
    "residence-permits": Department.POLICE,
}
SCOPES = (Scope.RECORDS_WRITE, Scope.RECORDS_READ, Scope.CHILDREN_READ, Scope.NOTICES_READ)
READING = {"Hutong-Purpose": Purpose.KEY_CARE, "Hutong-Actor": "smoke-1"}
PATIENCE_SECONDS = 90


class NotAsItMustBe(Exception):
    """A step's answer differs from what the story says."""


def must(held: bool, what: str) -> None:
    if not held:
        raise NotAsItMustBe(what)


async def until(what: str, attempt: Callable[[], Awaitable[Any]]) -> Any:
    """The first answer of ``attempt`` that is something; a refused connection is tried again too."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if found := await attempt():
                return found
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.3)
    raise NotAsItMustBe(f"{what}: not within {PATIENCE_SECONDS} s")


async def wait_ready(settings: RegistrySettings) -> None:
    async with client(timeout=5) as http:
        for url in (settings.registry_url, settings.matching_url, settings.notifications_url):
            await until(f"{url}/readyz", partial(_ready, http, url))


async def _ready(http: httpx.AsyncClient, url: str) -> bool:
    return (await http.get(f"{url}/readyz")).status_code == 200


async def wait_introduced(database: Database) -> None:
    async def introduced() -> bool:
        async with database.transaction(SYSTEM) as session:
            return {"matching", "notifications"} <= {c.id for c in await clients.all_of(session)}

    await until("the hub's services are clients of the registry", introduced)


async def enlist(
    settings: RegistrySettings, database: Database, department: Department
) -> httpx.AsyncClient:
    """Register a client of one department and give the means to call as it."""
    name = f"smoke-{department.replace('_', '-')}-{uuid7().hex[-8:]}"
    key = jwk.new_key(name)
    async with database.transaction(SYSTEM) as session:
        await clients.add(
            session,
            settings.key_set("registry", "audit"),
            client=name,
            department=department,
            area=COUNTY,
            scopes=SCOPES,
            purposes=(Purpose.KEY_CARE,),
            key=jwk.public(key),
            now=datetime.now(UTC),
        )
    credentials = ClientCredentials(
        name, key, settings.issuer, SCOPES, token_url=settings.token_url
    )
    return client(auth=credentials, headers=READING)


def item(feed: str, now: date) -> dict[str, Any]:
    """The feed's own example, speaking of the story's child in the story's county."""
    extra: Any = FEEDS[feed].model.model_config["json_schema_extra"]
    example = dict(extra["examples"][0] if "examples" in extra else extra["example"])
    return {
        **example,
        "source_id": f"smoke-{uuid7().hex}",
        "version": 1,
        "observed_on": (now - timedelta(days=1)).isoformat(),
        "division": COUNTY,
        "child": CHILD,
    }


async def story(settings: RegistrySettings, stack: AsyncExitStack) -> None:
    await wait_ready(settings)
    database = Database(url_file(settings.home, "registry", RUNTIME).read_text(), pool_size=1)
    stack.push_async_callback(database.close)
    await wait_introduced(database)
    print("ok  three APIs are ready, the services know one another", flush=True)

    callers = {
        d: await stack.enter_async_context(await enlist(settings, database, d))
        for d in PUSHES.values()
    }
    for feed, department in PUSHES.items():
        reply = await callers[department].post(
            f"{settings.registry_url}/v1/{feed}", json=[item(feed, datetime.now(UTC).date())]
        )
        must(reply.status_code == 207, f"{feed}: {reply.status_code}")
        (result,) = reply.json()["results"]
        must(result["status"] == "created", f"{feed}: {result}")
        print(f"ok  {department} pushed one of {feed} with a token by private_key_jwt", flush=True)

    reader = callers[Department.CIVIL_AFFAIRS]

    async def registered() -> Any:
        search = {"id_number": CHILD["id_number"]}
        reply = await reader.post(f"{settings.registry_url}/v1/children/search", json=search)
        must(reply.status_code == 200, f"search: {reply.status_code}")
        return reply.json()["children"]

    found = await until("the child is registered", registered)
    must(len(found) == 1, f"three records of one child became {len(found)} children")
    reply = await reader.get(f"{settings.registry_url}/v1/children/{found[0]['id']}")
    must(reply.status_code == 200, f"child: {reply.status_code}")
    print("ok  the child is registered, once, and civil affairs reads it", flush=True)

    async def listed() -> bool:
        reply = await reader.get(f"{settings.notifications_url}/v1/notices")
        must(reply.status_code in (200, 503), f"notices: {reply.status_code}")
        return reply.status_code == 200

    await until("the list of notices answers", listed)
    print("ok  the list of notices answers", flush=True)

    stranger = await stack.enter_async_context(client())
    refused = await stranger.get(f"{settings.registry_url}/v1/children/{found[0]['id']}")
    must(refused.status_code == 401, f"a reader without a token got {refused.status_code}")
    print("ok  without a token the same child answers 401", flush=True)


async def main() -> None:
    async with AsyncExitStack() as stack:
        await story(RegistrySettings(), stack)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except NotAsItMustBe as difference:
        print(f"NOT {difference}", flush=True)
        sys.exit(1)
