"""What every API process of a hub is: limits, problems, telemetry, health and documents, once for all.

A service gives its routers and its authority; this module makes the FastAPI application around them.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import contract, problems, telemetry, work
from shared.database import NOTHING, SYSTEM, Database, is_away
from shared.ids import uuid7
from shared.limits import (
    MAX_BODY_BYTES,
    MAX_IMPORT_BYTES,
    MAX_SMALL_BODY_BYTES,
    REQUEST_TIMEOUT_SECONDS,
)

log = structlog.get_logger()

#: Problem statuses any authenticated operation may answer.
USUAL = problems.responses(400, 401, 403, 404, 413, 422, 429, 503)

METHODS = frozenset(m.upper() for m in contract.METHODS)
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
]


async def transaction(request: Request) -> AsyncIterator[AsyncSession]:
    """One request, one transaction, under the caller's reach; committed before the answer leaves."""
    caller = getattr(request.state, "caller", None)
    database: Database = request.app.state.database
    async with database.transaction(caller.reach if caller else NOTHING) as session:
        yield session


async def raw_body(request: Request) -> bytes:
    """The body, read before a transaction opens: a slow sender must not hold a database connection."""
    return await request.body()


#: Put between the caller and the transaction in a signature.
RawBody = Annotated[bytes, Depends(raw_body)]
#: Put after the caller in a signature.  ``scope="function"``: with the default scope the answer left before the commit.
Transaction = Annotated[AsyncSession, Depends(transaction, scope="function")]


Responses = dict[int | str, dict[str, Any]]


class Router(APIRouter):
    """The endpoints of one noun; the documents call each by its own name."""

    def __init__(
        self, *, tags: list[str | Enum], prefix: str = "", responses: Responses | None = None
    ) -> None:
        super().__init__(
            tags=tags,
            prefix=prefix,
            responses=responses,
            generate_unique_id_function=_operation_id,
        )


def _operation_id(route: APIRoute) -> str:
    return route.name


def serve(app: FastAPI, *routers: Router) -> None:
    """Have an application answer at the routes that the routers have by now, which all applications share.

    Nothing else of a router is taken over, and ``dependency_overrides`` do not reach it. ``FastAPI.include_router``
    does all that, and makes each route anew for each application: a third of a second for the registry's.
    """
    for router in routers:
        app.router.routes.extend(router.routes)


class Health(BaseModel):
    status: str = Field(max_length=20)


_HEALTH = Router(tags=["health"])


@_HEALTH.get("/healthz", summary="Is the process alive?")
async def healthz() -> Health:
    return Health(status="alive")


@_HEALTH.get("/readyz", summary="Is the process able to serve?", responses=problems.responses(503))
async def readyz(request: Request) -> Health:
    """Is this process able to serve?  Asks its own database and no peer."""
    database: Database = request.app.state.database
    try:
        async with asyncio.timeout(2), database.transaction(SYSTEM) as session:
            ready = await (await session.connection()).execute(
                text("SELECT to_regclass('alembic_version') IS NOT NULL")
            )
            if not ready.scalar_one():
                raise RuntimeError("the database is not migrated")
    except Exception as error:
        raise problems.Unavailable() from error
    return Health(status="ready")


@_HEALTH.get("/metrics", response_class=Response, include_in_schema=False)
async def metrics() -> Response:
    return Response(generate_latest(telemetry.REGISTRY), media_type=CONTENT_TYPE_LATEST)


def create(
    *,
    service: str,
    title: str,
    description: str,
    database: Database,
    lifespan: Callable[[FastAPI], Any] | None = None,
    webhooks: Mapping[str, Any] | None = None,
    schemas: Sequence[type[BaseModel]] = (),
    token_url: str = "/oauth2/token",  # noqa: S107  (an address)
    bulk: Collection[str] = (),
) -> FastAPI:
    """The application of one service, without its routers.

    ``schemas`` are models that bodies refer to by name; ``token_url`` is where clients get their tokens;
    ``bulk`` are the paths that take a body of up to ``MAX_BODY_BYTES``, any other takes a small one.  TypeError where two
    models are called alike: the documents would tell of one of them alone.
    """
    _told_apart(schemas)
    app: FastAPI = FastAPIOffline(
        title=title,
        version="1.0.0",
        description=description,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
        redoc_url="/redoc",
        docs_url="/docs",
    )
    app.state.database = database
    problems.install(app)
    app.add_middleware(Gate, service=service, bulk=frozenset(bulk))

    serve(app, _HEALTH)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, webhooks or {}, schemas, token_url)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def _told_apart(models: Sequence[type[BaseModel]]) -> None:
    known: dict[str, type[BaseModel]] = {}
    for model in models:
        if known.setdefault(model.__name__, model) is not model:
            raise TypeError(f"two schemas are called {model.__name__}")


def _document(
    app: FastAPI,
    webhooks: Mapping[str, Any],
    models: Sequence[type[BaseModel]],
    token_url: str,
) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        openapi_version="3.1.0",
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    every: list[type[BaseModel]] = [problems.ProblemOut, *models]
    for model in every:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        for name, one in {**schema.pop("$defs", {}), model.__name__: schema}.items():
            if schemas.setdefault(name, one) != one:
                raise TypeError(f"two schemas are called {name}")
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    if webhooks:
        document["webhooks"] = dict(webhooks)
    leaving_out = {
        str(route.name)
        for route in iter_route_contexts(app.routes)
        if getattr(route.original_route, "response_model_exclude_none", False)
    }
    contract.complete(document, leaving_out, token_url)
    return document


class Gate:
    """The outermost layer: request id, body limit, timeout, metrics and one access line per request."""

    def __init__(self, app: ASGIApp, service: str, bulk: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._service = service
        self._bulk = bulk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        request_id = str(uuid7())
        structlog.contextvars.bind_contextvars(service=self._service, request=request_id)
        importing = scope["path"].startswith("/v1/imports")
        most = MAX_BODY_BYTES if scope["path"] in self._bulk else MAX_SMALL_BODY_BYTES
        counted = _Counted(receive, MAX_IMPORT_BYTES if importing else most)
        answer = _Answer(send, request_id)
        try:
            if _unreadable(scope):
                raise problems.Malformed("The address holds a character that none may hold.")
            limit = None if importing or scope["method"] == "GET" else REQUEST_TIMEOUT_SECONDS
            async with asyncio.timeout(limit):
                await self._app(scope, counted, answer)
        except TimeoutError:
            await self._refuse(scope, receive, answer, problems.Unavailable())
        except problems.Problem as problem:
            await self._refuse(scope, receive, answer, problem)
        except Exception as error:  # noqa: BLE001  (whatever it is, the answer is a problem and is counted)
            log.error("request.failed", error=type(error).__name__, where=telemetry.where(error))
            fault = problems.Unavailable() if is_away(error) else problems.Fault()
            await self._refuse(scope, receive, answer, fault)
        finally:
            route = str(getattr(scope.get("route"), "path", "unmatched"))
            seconds = time.perf_counter() - started
            # A client may make up methods; each would be a series of its own for good.
            method = scope["method"] if scope["method"] in METHODS else "other"
            telemetry.REQUESTS.labels(self._service, method, route, str(answer.status)).inc()
            telemetry.SECONDS.labels(self._service, route).observe(seconds)
            if route not in {"/healthz", "/readyz", "/metrics"}:
                log.info(
                    "request",
                    method=method,
                    route=route,
                    status=answer.status,
                    ms=round(seconds * 1000, 1),
                )

    async def _refuse(
        self, scope: Scope, receive: Receive, answer: "_Answer", problem: problems.Problem
    ) -> None:
        if not answer.status:
            await problems.reply(Request(scope), problem)(scope, receive, answer)


def _unreadable(scope: Scope) -> bool:
    """NUL, or bytes that are not UTF-8, in the path or the query: PostgreSQL would refuse them later."""
    raw: bytes = scope.get("raw_path", b"") + b"?" + scope.get("query_string", b"")
    lowered = raw.lower()
    if b"%00" in lowered or b"\x00" in raw or b"%ed%a" in lowered or b"%ed%b" in lowered:
        return True
    try:
        unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return True
    return False


class _Counted:
    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            # FastAPI makes a 400 of any other exception while it reads a body.
            raise HTTPException(413)
        return message


class _Answer:
    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._id = request_id.encode()
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", []))
            present = {name.lower() for name, _ in headers}
            headers += [(n, v) for n, v in SECURITY_HEADERS if n not in present]
            headers.append((b"hutong-request", self._id))
            message = {**message, "headers": headers}
        await self._send(message)


def beside(
    service: str, name: str, measure: Callable[[Database], Awaitable[Any]], rest: float
) -> APIRouter:
    """What an application includes to measure its database every ``rest`` seconds while it lives.  It has no routes."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async def step() -> int:
            await measure(app.state.database)
            return 0  # so that it rests

        task = asyncio.create_task(work.repeat(service, name, step, rest, asyncio.Event()))
        yield
        await stop(task)

    return APIRouter(lifespan=lifespan)


async def stop(*tasks: Awaitable[Any]) -> None:
    """Cancel background tasks of an application and wait for them."""
    for task in tasks:
        if isinstance(task, asyncio.Task):
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
