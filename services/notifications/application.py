"""The notifications API: events in, subscriptions, feed, notices, and what peer hubs post."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from services.notifications import webhooks
from services.notifications.events import endpoints as events
from services.notifications.events.schemas import EventsIn
from services.notifications.feed import endpoints as feed
from services.notifications.hub import Hub
from services.notifications.notices import endpoints as notices
from services.notifications.peers import endpoints as peers
from services.notifications.peers.schemas import PeerAnswerIn, PeerNoticeIn, PeerReceiptIn
from services.notifications.queues import QUEUES
from services.notifications.settings import NotificationsSettings
from services.notifications.subscriptions import endpoints as subscriptions
from shared import application, backlog, jwk, outbound, signatures
from shared.clock import Clock, SystemClock
from shared.cursors import Cursors
from shared.database import Database
from shared.outbound import ClientCredentials
from shared.revocations import FollowedAuthority
from shared.settings import HubSettings
from shared.vocabulary import Scope

SERVICE = "notifications"
DESCRIPTION = """\
Tells those concerned that something about a child is new, and carries notices (通知单) between the
place where a child lives and its hukou place (户籍地), within the hub and between hubs.  What goes out
is thin: an opaque reference, a county and a number.  Details are read at the registry, under the reader's own rights.
"""


def registry_client(
    settings: HubSettings, scope: Scope, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    """This hub's registry, called as the client ``notifications``."""
    key = jwk.load(settings.home / "keys" / "clients" / f"{SERVICE}.jwk")
    auth = ClientCredentials(
        SERVICE, key, settings.issuer, [scope], transport=transport, token_url=settings.token_url
    )
    return outbound.client(settings.registry_url, auth=auth, transport=transport)


def create_app(
    settings: NotificationsSettings,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """The application; ``transport`` replaces the network to the registry."""
    database = Database(settings.database_url(SERVICE), settings.pool_size)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        registry = registry_client(settings, Scope.REVOCATIONS_READ, transport)
        authority = FollowedAuthority(registry, settings.issuer, app.state.hub.codes.hear)
        app.state.authority = authority
        following = asyncio.create_task(authority.follow())
        try:
            yield
        finally:
            await application.stop(following)
            await registry.aclose()
            await database.close()

    app = application.create(
        service=SERVICE,
        title="Hutong notifications",
        description=DESCRIPTION,
        database=database,
        lifespan=lifespan,
        bulk=("/v1/events",),
        token_url=f"{settings.issuer}/oauth2/token",
        webhooks=webhooks.WEBHOOKS,
        schemas=[EventsIn, PeerNoticeIn, PeerAnswerIn, PeerReceiptIn],
    )
    app.state.settings = settings
    app.state.clock = clock or SystemClock()
    app.state.hub = Hub.of(settings)
    app.state.audit_keys = settings.key_set(SERVICE, "audit")
    app.state.master_keys = settings.key_set(SERVICE, "master")
    app.state.cursors = Cursors(settings.key_set(SERVICE, "cursor"))
    relay_key = settings.relay_key_file.read_text(encoding="ascii").strip()
    app.state.relay_key = signatures.public_key(relay_key)
    application.serve(app, *(part.router for part in (events, feed, notices, subscriptions, peers)))
    app.include_router(backlog.watch(SERVICE, QUEUES))
    return app
