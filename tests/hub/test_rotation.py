"""Rotating every kind of key of a hub that has a past: what was signed, sealed, found and proven before stays so.

Commands are the operator's own; a *restart* puts processes that have just read their key files in the place of the others.
"""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from joserfc import jws
from typer.testing import CliRunner

from services.cli import app_for
from services.commands.proofs import audit_faults, differences_of
from services.local import rotation
from services.registry.settings import RegistrySettings
from shared import auth, keys
from shared.outbound import ClientCredentials
from shared.vocabulary import Department, Scope
from tests.databases import Cluster, Copies
from tests.guards.story import BORN, HOME, NAME, NUMBER, World, item, push, tell, whole_hub
from tests.notifications.hubs import settle

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A hub with a past, told and proven."""
    async with AsyncExitStack() as stack:
        copies = Copies(cluster)
        stack.push_async_callback(copies.drop)
        made = await whole_hub(copies, tmp_path_factory.mktemp("rotating"), stack)
        await tell(made)
        yield made


async def run(world: World, *command: str) -> tuple[int, str]:
    """One `hutong` command of the operator, who has the owners' URLs."""
    hub = world.hub
    told = {
        "HUTONG_HUB": hub.name,
        "HUTONG_HOME": str(hub.home),
        "COLUMNS": "250",
        **{f"HUTONG_{s.upper()}_DATABASE_URL": urls.app for s, urls in hub.urls.items()},
        **{f"HUTONG_{s.upper()}_OWNER_URL": urls.owner for s, urls in hub.urls.items()},
    }
    result = await asyncio.to_thread(
        CliRunner().invoke, app_for(command[0]), list(command), env={**os.environ, **told}
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    # The hub's own log lines come between, since its processes live in this one.
    said = [line for line in result.output.splitlines() if not re.match(r"\d{4}-\d\d-", line)]
    return result.exit_code, "\n".join(said).strip()


async def done(world: World, *command: str) -> str:
    status, said = await run(world, *command)
    assert status == 0, said
    return said


async def restart(world: World) -> None:
    await world.hub.serve(whole=True)


async def rebuilt(world: World) -> None:
    await done(world, "rebuild")
    await settle(world.hub)


async def found(world: World) -> list[str]:
    """The child, by its ID number and by its name and birth date, and what a reader sees of it."""
    civil = await world(Department.CIVIL_AFFAIRS, HOME)
    seen = []
    for question in ({"id_number": NUMBER}, {"name": NAME, "birth_date": BORN}):
        reply = await civil.post("/v1/children/search", json=question)
        assert reply.status_code == 200, reply.text
        (child,) = reply.json()["children"]
        seen.append(child["id"])
        whole = await civil.get(f"/v1/children/{child['id']}")
        assert whole.json()["fields"]["name"]["value"] == NAME
    return seen


async def proven(world: World) -> None:
    hub = world.hub
    steps = {**hub.registry_worker.steps()}, {**hub.worker.steps()}
    for of_service in steps:
        await of_service["sequence"][0]()
        await of_service["checkpoint"][0]()
    settings = hub.apps["registry"].state.settings, hub.apps["notifications"].state.settings
    assert await audit_faults(settings) == []
    assert await differences_of(RegistrySettings.model_validate(hub.environment())) == []


async def masters(world: World, service: str) -> set[int]:
    rows = await world.rows("SELECT DISTINCT master FROM vault.data_keys", service=service)
    return {row["master"] for row in rows}


async def status(world: World, service: str, token: str) -> int:
    auth._buckets.clear()
    path = "/v1/feeds" if service == "registry" else "/v1/notices"
    headers = {
        "Authorization": f"Bearer {token}",
        "Hutong-Purpose": "key_care",
        "Hutong-Actor": "staff-7",
    }
    return (await (await world.anyone(service)).get(path, headers=headers)).status_code


async def test_the_issuers_key_changes_under_running_processes(world: World) -> None:
    who = await world.credentials_of(Department.CIVIL_AFFAIRS, HOME, name="follower")

    async def new_token() -> str:
        return await ClientCredentials(
            who.client_id, who._key, world.issuer, [], transport=world.hub.network
        ).token()

    def signer(token: str) -> Any:
        return jws.extract_compact(token.encode()).headers()["kid"]

    old = await new_token()
    await done(world, "keys", "add", "issuer")
    assert signer(await new_token()) == signer(old)
    await done(world, "keys", "rotate", "issuer")
    rotated_at = time.monotonic()
    while signer(new := await new_token()) == signer(old):
        assert time.monotonic() - rotated_at < 5
        await asyncio.sleep(0.1)
    for service in ("registry", "notifications"):
        assert [await status(world, service, token) for token in (old, new)] == [200, 200]
    published = (await (await world.anyone("registry")).get("/.well-known/jwks.json")).json()
    assert [key["kid"] for key in published["keys"]] == [signer(new), signer(old)]
    assert not any("d" in key for key in published["keys"])

    refused, why = await run(world, "keys", "rotate", "issuer")
    assert (refused, "retire" in why) == (1, True)
    refused, why = await run(world, "keys", "retire", "issuer")
    assert (refused, "tokens under it" in why) == (1, True)
    await done(world, "keys", "retire", "issuer", "--force")
    for service in ("registry", "notifications"):
        retired_at = time.monotonic()
        while (now := await status(world, service, old)) == 200:
            assert time.monotonic() - retired_at < 5
            await asyncio.sleep(0.1)
        assert (now, await status(world, service, new)) == (401, 200)


@pytest.mark.parametrize("service", ["registry", "notifications"])
async def test_a_master_key_gives_way_to_a_new_one(world: World, service: str) -> None:
    name, before = f"{service}/master", await found(world)
    refused, why = await run(world, "keys", "rotate", name)
    assert (refused, "hutong keys add" in why) == (1, True)
    await done(world, "keys", "add", name)
    await restart(world)
    await done(world, "keys", "rotate", name)
    await restart(world)
    education = await world(Department.EDUCATION, HOME)
    enrolled = {"event": "enrolled", "on": "2026-02-01", "stage": "primary"}
    await push(education, "enrolments", item(f"after-{service}", **enrolled))
    await settle(world.hub)
    refused, why = await run(world, "keys", "retire", name, "1")
    assert (refused, "rewrap" in why) == (1, True)

    said = await done(world, "keys", "rewrap", service)
    assert int(said.split()[0]) > 0
    assert await masters(world, service) == {2}
    await done(world, "keys", "retire", name, "1")
    await restart(world)
    assert set(keys.load(world.hub.home / "keys" / f"{name}.json").keys) == {2}
    assert await found(world) == before
    await proven(world)


async def test_a_child_is_found_through_every_step_of_an_index_rotation(world: World) -> None:
    before = await found(world)
    await done(world, "keys", "add", "registry/index")
    await restart(world)
    assert await found(world) == before
    await done(world, "keys", "rotate", "registry/index")
    await restart(world)
    assert await found(world) == before
    refused, why = await run(world, "keys", "retire", "registry/index", "1")
    assert (refused, "found by it alone" in why) == (1, True)

    await rebuilt(world)
    assert await found(world) == before
    await done(world, "keys", "retire", "registry/index", "1")
    await restart(world)
    await rebuilt(world)
    assert await found(world) == before
    rows = await world.rows(
        "SELECT DISTINCT substring(hash FROM 1 FOR 2) AS key FROM child_lookups"
    )
    assert [row["key"] for row in rows] == [b"\x00\x02"]
    await proven(world)


@pytest.mark.parametrize("service", ["registry", "notifications"])
async def test_what_was_proven_under_an_older_audit_key_stays_so(
    world: World, service: str
) -> None:
    name = f"{service}/audit"
    await done(world, "keys", "add", name)
    await restart(world)
    await done(world, "keys", "rotate", name)
    await restart(world)
    # A grant from before and one from after the rotation.
    assert await found(world)
    late = await world.token(
        Department.POLICE, HOME, name=f"late-{service}", scopes=frozenset({Scope.RECORDS_READ})
    )
    assert await status(world, "registry", late) == 200
    refused, why = await run(world, "keys", "retire", name, "1")
    assert (refused, "stay" in why) == (1, True)
    rows = await world.rows(
        "SELECT DISTINCT substring(mac FROM 1 FOR 2) AS key FROM audit_entries", service=service
    )
    assert {row["key"] for row in rows} >= {b"\x00\x01"}
    await proven(world)


async def test_a_cursor_from_before_opens_after(world: World) -> None:
    civil = await world(Department.CIVIL_AFFAIRS, HOME)
    first = (await civil.get("/v1/key-care", params={"limit": 1})).json()
    await done(world, "keys", "add", "registry/cursor")
    await done(world, "keys", "rotate", "registry/cursor")
    await restart(world)
    civil = await world(Department.CIVIL_AFFAIRS, HOME)
    after = await civil.get("/v1/key-care", params={"limit": 1, "cursor": first["next"]})
    assert after.status_code == 200, after.text
    refused, why = await run(world, "keys", "retire", "registry/cursor", "1")
    assert (refused, "a day" in why) == (1, True)


@pytest.mark.parametrize(
    "name", [n for n, u in rotation.SETS.items() if u == rotation.Use.IDENTIFIES]
)
async def test_what_identifies_is_never_rotated(world: World, name: str) -> None:
    before = (world.hub.home / "keys" / f"{name}.json").read_bytes()
    for act in ("add", "rotate"):
        refused, why = await run(world, "keys", act, name)
        assert (refused, "never rotated" in why) == (1, True)
    assert (world.hub.home / "keys" / f"{name}.json").read_bytes() == before


async def test_the_list_names_every_set_and_no_key(world: World) -> None:
    said = await done(world, "keys", "list")
    rows = [line.split("│")[1].strip() for line in said.splitlines() if line.startswith("│")]
    assert sorted(rows) == sorted([*rotation.SETS, "issuer"])
    for file in _files(world.hub.home / "keys"):
        for secret in re.findall(r'"(?:[dk]|\d+)": ?"([A-Za-z0-9+/=_-]{40,})"', file.read_text()):
            assert secret not in said


def _files(folder: Path) -> list[Path]:
    found = [*folder.rglob("*.json"), *folder.rglob("*.jwk")]
    assert len(found) > 12
    return found


async def test_a_set_that_is_none_is_refused(world: World) -> None:
    for act in ("add", "rotate"):
        assert (await run(world, "keys", act, "registry/nothing"))[0] == 1
    assert (await run(world, "keys", "retire", "registry/master", "9"))[0] == 1
