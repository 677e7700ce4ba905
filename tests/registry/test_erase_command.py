"""`hutong erase` against a registry that serves on a real port: two people, two keys, one child."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from services.cli import app_for
from services.registry.access.subjects import ANOTHER_CLIENT
from services.registry.erasures.authenticity import faults_of
from shared import jwk, outbound
from shared.database import SYSTEM
from tests.registry.conftest import ISSUER, Registry
from tests.registry.test_break_glass import registered

FEEDS = ("residence-permits", "assistance")
Erase = Callable[..., Awaitable[Result]]


@pytest.fixture
async def erase(registry: Registry, tmp_path: Path) -> AsyncIterator[Erase]:
    """``await erase("civil_affairs:500103", "staff-7", …)``: the command as that client's person."""
    server = uvicorn.Server(uvicorn.Config(registry.app, port=0, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    told = {
        "HUTONG_REGISTRY_URL": f"http://127.0.0.1:{port}",
        "HUTONG_ISSUER_URL": ISSUER,
        "COLUMNS": "250",
    }

    async def run(who: str, actor: str, *command: str, by: str = "staff-7") -> Result:
        caller = await registry(who, actor=by)
        assert isinstance(caller.auth, outbound.ClientCredentials)
        key = tmp_path / f"{caller.auth.client_id}.jwk"
        jwk.save(caller.auth._key, key)
        mine = {
            "HUTONG_CLIENT": caller.auth.client_id,
            "HUTONG_CLIENT_KEY": str(key),
            "HUTONG_ACTOR": actor,
        }
        # A command runs an event loop of its own, so not on this one's thread.
        return await asyncio.to_thread(
            CliRunner().invoke, app_for("erase"), ["erase", *command], env={**told, **mine}
        )

    yield run
    server.should_exit = True
    await serving


HERE = "civil_affairs:500103"


def said(result: Result) -> str:
    """The command's own last word; the registry logs beside it in this process."""
    return [line for line in result.output.splitlines() if not re.match(r"\d{4}-", line)][-1]


async def test_two_people_erase_a_child(registry: Registry, erase: Erase) -> None:
    child = await registered(registry, *FEEDS)

    asked = await erase(HERE, "staff-7", str(child), "--ground", "unlawful", "--hold")
    assert asked.exit_code == 0, (asked.output, asked.exception)
    (request,) = re.findall(r"requested: ([0-9a-f-]{36})", asked.output)
    listed = (await erase(HERE, "staff-7", "--list")).output
    assert request in listed and "unlawful (hold)" in listed and "requested" in listed

    alone = await erase(HERE, "staff-8", "--approve", request)
    assert (alone.exit_code, said(alone)) == (
        1,
        f"refused (403): {ANOTHER_CLIENT}",
    )
    assert len(await registry.system("SELECT 1 FROM children")) == 1

    approved = await erase(HERE, "staff-8", "--approve", request, by="staff-8")
    assert (approved.exit_code, said(approved)) == (0, f"erased: {child}")
    assert await registry.system("SELECT 1 FROM children") == []
    tombstones = (await erase(HERE, "staff-7", "--list", "--state", "erased")).output
    assert request in tombstones and "staff-7" in tombstones and "staff-8" in tombstones
    async with registry.database.transaction(SYSTEM) as session:
        assert [f async for f in faults_of(session, registry.app.state.kit.audit)] == []


async def test_a_request_is_withdrawn(registry: Registry, erase: Erase) -> None:
    child = await registered(registry, *FEEDS)
    asked = await erase(HERE, "staff-7", str(child), "--ground", "consent_withdrawn")
    (request,) = re.findall(r"requested: ([0-9a-f-]{36})", asked.output)
    assert (await erase(HERE, "staff-7", "--withdraw", request)).exit_code == 0
    late = await erase(HERE, "staff-8", "--approve", request, by="staff-8")
    assert (late.exit_code, "carried out or withdrawn" in late.output) == (1, True)
    assert "withdrawn" in (await erase(HERE, "staff-7", "--list")).output


async def test_who_may_not_see_the_child_learns_nothing(registry: Registry, erase: Erase) -> None:
    child = await registered(registry, *FEEDS)
    for who, wanted in (("civil_affairs:110101", child), (HERE, uuid4())):
        refused = await erase(who, "staff-7", str(wanted), "--ground", "unlawful")
        assert refused.exit_code == 1
        assert said(refused).startswith("refused (404)")
        assert str(wanted) not in said(refused)


async def test_it_is_for_civil_affairs_alone(erase: Erase) -> None:
    refused = await erase("police:500103", "staff-7", "--list")
    assert (refused.exit_code, said(refused)) == (
        1,
        "refused (403): Civil affairs of the child's place do this.",
    )


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["--list", "--approve", str(UUID(int=1))],
        [str(UUID(int=1)), "--list", "--ground", "unlawful"],
        [str(UUID(int=1))],
        ["not-an-id", "--ground", "unlawful"],
        [str(UUID(int=1)), "--ground", "because"],
    ],
    ids=" ".join,
)
async def test_what_is_not_said_whole_is_asked_back(erase: Erase, command: list[str]) -> None:
    assert (await erase(HERE, "staff-7", *command)).exit_code == 2


async def test_nobody_in_particular_erases_nothing(erase: Erase) -> None:
    assert (await erase(HERE, "", "--list")).exit_code == 2
