"""The hub's databases on a PostgreSQL that an operator gives.

Cast: the *server* is known by its superuser's URL, which only provisioning ever reads; the *owner*
of a database migrates it; the *runtime role* serves and owns nothing.  Their URLs are files of mode
0600 under ``<home>/databases/<service>/``.
"""

import asyncio
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg
from pydantic import Field, SecretStr

from shared.embedded_postgres import provision
from shared.keys import write_secret
from shared.settings import HubSettings

SERVICES = ("registry", "matching", "notifications")
OWNER, RUNTIME = "owner-url", "app-url"
RETRY_SECONDS = 0.5
CONNECT_SECONDS = 5


class NoAnswer(Exception):
    """PostgreSQL did not let us in within the time given; the message never holds a URL."""


class DeploymentSettings(HubSettings):
    """What only an operator's jobs are told: the superuser's URL and the owners' URLs."""

    superuser_url: SecretStr | None = Field(
        default=None, description="read by `hutong provision` alone"
    )
    registry_owner_url: SecretStr | None = None
    matching_owner_url: SecretStr | None = None
    notifications_owner_url: SecretStr | None = None

    def superuser(self) -> str:
        """The superuser's URL; ValueError when the environment has none."""
        return _told(self.superuser_url, "HUTONG_SUPERUSER_URL")

    def owner_url(self, service: str) -> str:
        """The owner's URL of a service's database; ValueError when the environment has none."""
        found: SecretStr | None = getattr(self, f"{service}_owner_url")
        return _told(found, f"HUTONG_{service.upper()}_OWNER_URL")


def _told(url: SecretStr | None, variable: str) -> str:
    if url is None:
        raise ValueError(f"{variable} is not set")
    return url.get_secret_value()


@dataclass(frozen=True, slots=True)
class ExternalServer:
    """A PostgreSQL that runs without us."""

    superuser_url: str

    def url(
        self, database: str = "postgres", user: str | None = None, password: str | None = None
    ) -> str:
        """The given URL with another database and, when named, another user."""
        parts = urlsplit(self.superuser_url)
        login, _, place = parts.netloc.rpartition("@")
        if user is not None:
            login = f"{quote(user, safe='')}:{quote(password or '', safe='')}"
        return urlunsplit(parts._replace(netloc=f"{login}@{place}", path=f"/{database}"))


def url_file(home: Path, service: str, kind: str) -> Path:
    return home / "databases" / service / kind


async def provision_all(superuser_url: str, hub: str, home: Path) -> None:
    """One database and two roles per service, named after the hub; harmless to repeat.

    A password once made is kept: what the files say is what the server is told.
    """
    server = ExternalServer(superuser_url)
    for service in SERVICES:
        name = f"{hub.replace('-', '_')}_{service}"
        passwords = {}
        for kind, role in ((OWNER, f"{name}_owner"), (RUNTIME, f"{name}_app")):
            file = url_file(home, service, kind)
            if file.exists():
                passwords[kind] = unquote(urlsplit(file.read_text()).password or "")
            else:
                passwords[kind] = secrets.token_hex(24)
            write_secret(file, server.url(name, role, passwords[kind]).encode())
        await provision(server, name, passwords[OWNER], passwords[RUNTIME])


async def answering(url: str, seconds: float) -> None:
    """Wait until ``url`` lets us in; NoAnswer after ``seconds`` names the last error's kind.

    A refused password counts as not yet: the role may be about to be provisioned.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
        except (OSError, asyncpg.PostgresError) as error:
            if time.monotonic() >= until:
                kind = type(error).__name__
                raise NoAnswer(
                    f"PostgreSQL did not let us in for {seconds:.0f} s: {kind}"
                ) from None
        else:
            await connection.close()
            return
        await asyncio.sleep(RETRY_SECONDS)
