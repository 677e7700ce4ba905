"""The matching API: stateless beside its database, so any number of replicas may run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from services.matching.keyings.following import Following, keys_of
from services.matching.links import endpoints as links
from services.matching.reviews import endpoints as reviews
from services.matching.rulings import endpoints as rulings
from services.matching.searches import endpoints as searches
from services.matching.settings import MatchingSettings
from shared import application, jwk, outbound
from shared.clock import Clock, SystemClock
from shared.database import Database
from shared.revocations import FollowedAuthority
from shared.vocabulary import Scope

DESCRIPTION = """Finds which records speak of the same child.

The registry is its only caller: matching knows no areas and no children, only sealed features, keyed
hashes and links."""


def create_app(
    settings: MatchingSettings,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """The application; ``transport`` joins it to the other services in one process."""
    database = Database(settings.database_url("matching"), settings.pool_size)
    credentials = outbound.ClientCredentials(
        "matching",
        jwk.load(settings.home / "keys" / "clients" / "matching.jwk"),
        settings.issuer,
        [Scope.REVOCATIONS_READ],
        transport,
        settings.token_url,
    )
    registry = outbound.client(settings.registry_url, auth=credentials, transport=transport)
    authority = FollowedAuthority(registry, settings.issuer)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        following = asyncio.create_task(authority.follow())
        yield
        await application.stop(following)
        await registry.aclose()
        await database.close()

    app = application.create(
        service="matching",
        title="Hutong matching",
        description=DESCRIPTION,
        database=database,
        lifespan=lifespan,
        bulk=("/v1/resolutions", "/v1/retractions"),
        token_url=f"{settings.issuer}/oauth2/token",
    )
    app.state.authority = authority
    app.state.following = Following(
        lambda: keys_of(settings), clock or SystemClock(), settings.children
    )
    application.serve(app, links.router, reviews.router, rulings.router, searches.router)
    return app
