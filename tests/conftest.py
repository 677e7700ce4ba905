"""Databases for every test, on one PostgreSQL a session.

It is started here, or named by ``HUTONG_TEST_POSTGRES_URL`` (its superuser's).
"""

import asyncio
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import fastapi.dependencies.models
import hypothesis
import pytest
import structlog

from shared.embedded_postgres import EmbeddedPostgres, discard
from tests.databases import Cluster, Copies, GivenServer, MakeDatabase

# No example has a time limit: the host that a test runs on may be busy, and speed is measured by ``make bench`` alone.
hypothesis.settings.register_profile("hutong", hypothesis.settings(deadline=None))
hypothesis.settings.load_profile("hutong")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the collector of garbage need not walk it, a second each time."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()  # or DuckDB, at the end of the process, tells at length of all that is still there


@pytest.fixture(autouse=True, scope="module")
def _no_application_is_kept() -> Iterator[None]:
    """FastAPI remembers what each endpoint is, and by the pages of documentation every application that there was."""
    yield
    for known in vars(fastapi.dependencies.models).values():
        if forget := getattr(known, "cache_clear", None):
            forget()


def _in_memory() -> str | None:
    """Where files live in memory, if there is room: databases come and go by the thousand, and none outlives the session."""
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 * 2**30
    return str(memory) if roomy else None


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The session's PostgreSQL; synchronous, as it starts on the main thread and outlives loops."""
    if given := os.environ.get("HUTONG_TEST_POSTGRES_URL"):
        guest = Cluster(GivenServer(given))
        yield guest
        asyncio.run(guest.leave())
        return
    state = Path(tempfile.mkdtemp(prefix="hutong-test-", dir=_in_memory()))
    state.chmod(0o711)  # root's server runs as another user, who must get through
    try:
        with EmbeddedPostgres(state, durable=False) as server:
            yield Cluster(server)
    finally:
        discard(state)
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[MakeDatabase]:
    """``await database("registry")`` gives a fresh migrated database's owner and runtime URLs."""
    copies = Copies(cluster)
    yield copies
    await copies.drop()


@pytest.fixture(autouse=True, scope="session")
def _no_logger_is_kept() -> Iterator[None]:
    """A kept logger would go on writing where an earlier test's output went."""
    configure = structlog.configure
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            structlog,
            "configure",
            lambda **told: configure(**{**told, "cache_logger_on_first_use": False}),
        )
        yield


@pytest.fixture(autouse=True)
def _the_log_as_it_was() -> Iterator[None]:
    """A command sets up logging for its process; the next test's process is the same one."""
    yield
    structlog.reset_defaults()
