"""The registry's API process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from services.registry.access import endpoints as access
from services.registry.alerts import endpoints as alerts
from services.registry.assessments import endpoints as assessments
from services.registry.assessments import placement_endpoints as placements
from services.registry.break_glass import endpoints as break_glass
from services.registry.break_glass import unreviewed
from services.registry.calendar_duties import endpoints as calendar_duties
from services.registry.cases import endpoints as cases
from services.registry.catalogue import endpoints as catalogue
from services.registry.changes import endpoints as changes
from services.registry.children import endpoints as children
from services.registry.children.kit import Kit
from services.registry.compartments import endpoints as compartments
from services.registry.dossiers import endpoints as dossiers
from services.registry.duties import endpoints as duties
from services.registry.erasures import endpoints as erasures
from services.registry.figures import endpoints as figures
from services.registry.figures import publication_endpoints
from services.registry.follow_ups import endpoints as follow_ups
from services.registry.handovers import endpoints as handovers
from services.registry.identity import endpoints as identity
from services.registry.identity.clients import StoredAuthority
from services.registry.identity.signing import IssuerKeys
from services.registry.imports import endpoints as imports
from services.registry.imports import workbook_endpoints
from services.registry.imports.schemas import ImportVerdictOut
from services.registry.key_care import endpoints as key_care
from services.registry.key_care import shield_endpoints
from services.registry.left_behind import endpoints as left_behind
from services.registry.links import endpoints as links
from services.registry.match_reviews import endpoints as match_reviews
from services.registry.posts import endpoints as posts
from services.registry.profiles import Profiles
from services.registry.profiles import endpoints as profiles
from services.registry.queues import QUEUES
from services.registry.records import endpoints as records
from services.registry.records import peer_endpoints
from services.registry.records.feeds import FEEDS, PeerFacts
from services.registry.records.feeds.hukou_answers import HukouAnswerIn
from services.registry.rosters import endpoints as rosters
from services.registry.rosters import workbook_endpoints as roster_workbooks
from services.registry.rulings import endpoints as rulings
from services.registry.searches import endpoints as searches
from services.registry.settings import RegistrySettings
from services.registry.successions import endpoints as successions
from services.registry.survey_rounds import endpoints as survey_rounds
from services.registry.survey_rounds import progress_endpoints as survey_progress
from services.registry.upcoming import endpoints as upcoming
from shared import application, backlog, jwk
from shared.clock import Clock, SystemClock
from shared.cursors import Cursors
from shared.database import Database
from shared.outbound import ClientCredentials, client
from shared.references import References
from shared.sealing import Sealer
from shared.vocabulary import Scope

SERVICE = "registry"
DESCRIPTION = """
The registry of migrant children (流动儿童): departments push what they know, the registry links it to children, folds
one state a child, decides by each place's rules, and shows each department what it may see.

Get a token at `/oauth2/token` (client credentials, `private_key_jwt`).  Name why and who on every read:
`Hutong-Purpose` and `Hutong-Actor`.  Errors are RFC 9457 problems and never repeat what you sent.
"""


def kit_of(settings: RegistrySettings) -> Kit:
    """Keys and profiles, read once."""
    return Kit(
        sealer=Sealer(settings.key_set(SERVICE, "master")),
        entries=settings.key_set(SERVICE, "entries"),
        index=settings.key_set(SERVICE, "index"),
        audit=settings.key_set(SERVICE, "audit"),
        profiles=Profiles.of_hub(settings.profiles),
        territory=settings.ranges,
    )


def matching_client(
    settings: RegistrySettings, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """The registry as a client of matching."""
    key = jwk.load(settings.home / "keys" / "clients" / "registry.jwk")
    auth = ClientCredentials(
        SERVICE,
        key,
        settings.issuer,
        [Scope.RESOLUTIONS_WRITE],
        transport=transport,
        token_url=settings.token_url,
    )
    return client(settings.matching_url, auth=auth, transport=transport)


def create_app(
    settings: RegistrySettings,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """``transport`` carries calls to the other services; tests join the three apps with it."""
    database = Database(settings.database_url(SERVICE), settings.pool_size)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.gather(database.close(), app.state.matching.aclose())

    app = application.create(
        service=SERVICE,
        title="Hutong registry 户童通登记库",
        description=DESCRIPTION,
        database=database,
        lifespan=lifespan,
        bulk=[f"/v1/{f}{more}" for f in FEEDS for more in ("", "/recalls")],
        schemas=[
            ImportVerdictOut,
            PeerFacts,
            HukouAnswerIn,
            *(feed.model for feed in FEEDS.values() if not feed.internal),
        ],
    )
    app.state.settings = settings
    app.state.clock = clock or SystemClock()
    app.state.kit = kit_of(settings)
    app.state.search_paces = {}
    app.state.cursors = Cursors(settings.key_set(SERVICE, "cursor"))
    app.state.references = References(settings.key_set("registry", "references"))
    app.state.issuer = settings.issuer
    app.state.issuer_keys = IssuerKeys(settings.home / "keys" / SERVICE)
    app.state.authority = StoredAuthority(
        database, app.state.issuer_keys, app.state.kit, settings.issuer, app.state.clock
    )
    app.state.matching = matching_client(settings, transport)
    application.serve(
        app,
        identity.router,
        records.router,
        peer_endpoints.router,
        children.router,
        workbook_endpoints.router,
        dossiers.router,
        upcoming.router,
        follow_ups.router,
        changes.router,
        imports.router,
        break_glass.router,
        erasures.router,
        cases.router,
        compartments.router,
        assessments.router,
        placements.router,
        left_behind.router,
        handovers.router,
        key_care.router,
        shield_endpoints.router,
        duties.router,
        alerts.router,
        calendar_duties.router,
        posts.router,
        survey_rounds.router,
        survey_progress.router,
        successions.router,
        figures.router,
        publication_endpoints.router,
        searches.router,
        links.router,
        match_reviews.router,
        rulings.router,
        rosters.router,
        roster_workbooks.router,
        profiles.router,
        access.router,
        catalogue.router,
    )
    app.include_router(backlog.watch(SERVICE, QUEUES))
    app.include_router(unreviewed.watch())
    return app
