"""A linker of our own: a fresh PostgreSQL in a temporary directory, matching migrated, fresh keys."""

import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from services.matching.keyings.following import Following, Keys
from services.matching.links import queries
from services.matching.links.linker import Linker
from services.matching.models import activating
from services.matching.models.registering import register
from shared import collecting, migrations
from shared.clock import SystemClock
from shared.database import SYSTEM, Database, raw
from shared.embedded_postgres import EmbeddedPostgres, discard, provision
from shared.keys import new_key_set

_CONNECTIONS = 10
"""Enough for the searches that are asked at once."""


@dataclass(frozen=True, slots=True)
class Hub:
    """What resolving needs, whom to ask how much memory the database takes, and for how many children it is."""

    database: Database
    following: Following
    server: EmbeddedPostgres
    url: str
    keys: Keys
    children: int

    @property
    def linker(self) -> Linker:
        """By the model and keys that were last in force."""
        return self.following.linker


@asynccontextmanager
async def fresh_hub(model: bytes | None, children: int) -> AsyncIterator[Hub]:
    """An empty linker, by the model of this text or the shipped one for so many children; every trace of it is gone at
    the end. Enter it on the main thread.
    """
    with tempfile.TemporaryDirectory(prefix="hutong-evaluation-") as folder:
        server = EmbeddedPostgres(_passable(folder) / "postgres")
        try:
            with server:
                url = await _provisioned(server)
                database = Database(url, _CONNECTIONS)
                keys = Keys(new_key_set(), new_key_set())
                try:
                    following = await _following(database, keys, model, children)
                    collecting.settle(collecting.LINKING)
                    yield Hub(database, following, server, url, keys, children)
                finally:
                    await database.close()
        finally:
            discard(server.state)


def _passable(folder: str) -> Path:
    """The folder, for root's server too, which runs as another user."""
    state = Path(folder)
    state.chmod(0o711)
    return state


async def _provisioned(server: EmbeddedPostgres) -> str:
    """The URL of a migrated database, as its runtime role."""
    owner, app = secrets.token_hex(16), secrets.token_hex(16)
    await provision(server, "matching", owner, app)
    await migrations.upgrade("matching", server.url("matching", "matching_owner", owner))
    return server.url("matching", "matching_app", app)


async def _following(
    database: Database, keys: Keys, text: bytes | None, children: int
) -> Following:
    clock = SystemClock()
    following = Following(lambda: keys, clock, children)
    async with database.transaction(SYSTEM) as session:
        if text is not None:
            model = await register(session, text, {}, keys.master, clock.now())
            await activating.activate(session, model.rule_version, clock.now())
        await queries.lock_linker(await raw(session))
        await following.current(session)
    return following
