"""An operator's shell: commands run in this process, on real databases that the environment names."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from services.cli import app_for
from services.local import secrets as key_files
from tests.databases import MakeDatabase, Urls

Shell = Callable[..., Awaitable[Result]]
Done = Callable[..., Awaitable[str]]
Owner = Callable[..., Awaitable[list[Any]]]
#: The services whose databases a command asks, where it is not the registry's alone.
NEEDED = {
    "peers": ("notifications",),
    "authorities": ("notifications",),
    "audit": ("registry", "matching", "notifications"),
}


@pytest.fixture
def databases(database: MakeDatabase) -> MakeDatabase:
    """One database a service and test, whoever asks: the command's is the test's."""
    made: dict[str, Urls] = {}

    async def one(service: str) -> Urls:
        if service not in made:
            made[service] = await database(service)
        return made[service]

    return one


@pytest.fixture
def shell(databases: MakeDatabase, tmp_path: Path) -> Shell:
    """``await shell("clients", "list")``; databases are made when a command of their service first runs."""
    key_files.make(tmp_path)
    told = {"HUTONG_HOME": str(tmp_path), "COLUMNS": "250"}

    async def run(*command: str, **more: str) -> Result:
        for service in NEEDED.get(command[0], ("registry",)):
            urls = await databases(service)
            told[f"HUTONG_{service.upper()}_DATABASE_URL"] = urls.app
            told[f"HUTONG_{service.upper()}_OWNER_URL"] = urls.owner
        # A command runs an event loop of its own, so not on this one's thread.
        return await asyncio.to_thread(
            CliRunner().invoke, app_for(command[0]), list(command), env={**told, **more}
        )

    return run


@pytest.fixture
def done(shell: Shell) -> Done:
    """The same for a command that must succeed: what it said."""

    async def run(*command: str, **more: str) -> str:
        result = await shell(*command, **more)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    return run


@pytest.fixture
def owner(databases: MakeDatabase) -> Owner:
    """``await owner(service, statement, …)``: as the database's owner, past every grant."""

    async def run(service: str, statement: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect((await databases(service)).owner)
        try:
            await connection.execute("SELECT set_config('hutong.department', 'system', false)")
            found: list[Any] = await connection.fetch(statement, *values)
            return found
        finally:
            await connection.close()

    return run
