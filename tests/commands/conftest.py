"""An operator's shell: commands run in this process, on real databases that the environment names."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli import app_for
from tests.databases import MakeDatabase

Shell = Callable[..., Awaitable[Result]]


@pytest.fixture
def shell(database: MakeDatabase, tmp_path: Path) -> Shell:
    """``await shell("clients", "list")``; databases are made when a command of their service first runs."""
    told = {"HUTONG_HOME": str(tmp_path), "COLUMNS": "250"}

    async def run(*command: str, **more: str) -> Result:
        service = "notifications" if command[0] in ("peers", "authorities") else "registry"
        variable = f"HUTONG_{service.upper()}_DATABASE_URL"
        if variable not in told:
            told[variable] = (await database(service)).app
        # A command runs an event loop of its own, so not on this one's thread.
        return await asyncio.to_thread(
            CliRunner().invoke, app_for(command[0]), list(command), env={**told, **more}
        )

    return run


@pytest.fixture
def done(shell: Shell) -> Callable[..., Awaitable[str]]:
    """The same for a command that must succeed: what it said."""

    async def run(*command: str, **more: str) -> str:
        result = await shell(*command, **more)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    return run
