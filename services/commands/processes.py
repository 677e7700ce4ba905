"""`hutong serve` and `hutong work`: one process each, told everything by its environment."""

import importlib
from enum import StrEnum
from urllib.parse import urlsplit

import prometheus_client
import uvicorn
import uvloop

from services.matching.settings import MatchingSettings
from services.notifications.settings import NotificationsSettings
from services.registry.settings import RegistrySettings
from shared import collecting, telemetry
from shared.settings import HubSettings


class Service(StrEnum):
    REGISTRY = "registry"
    MATCHING = "matching"
    NOTIFICATIONS = "notifications"


class Working(StrEnum):
    REGISTRY = "registry"
    NOTIFICATIONS = "notifications"


_SETTINGS: dict[str, type[HubSettings]] = {
    "registry": RegistrySettings,
    "matching": MatchingSettings,
    "notifications": NotificationsSettings,
}
GRACE_SECONDS = 10


def serve(service: Service, host: str = "", port: int = 0) -> None:
    """Serve one API at the address in the settings, or at ``--host`` and ``--port``."""
    settings = _SETTINGS[service]()
    telemetry.configure(service, settings.log_level)
    address = urlsplit(getattr(settings, f"{service}_url"))
    app = importlib.import_module(f"services.{service}.application").create_app(settings)
    collecting.settle(collecting.LINKING if service == "matching" else collecting.YOUNG)
    uvicorn.run(
        app,
        host=host or address.hostname or "127.0.0.1",
        port=port or address.port or 8000,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=75,
    )


def work(service: Working) -> None:
    """Run one service's background work until told to stop."""
    settings = _SETTINGS[service]()
    telemetry.configure(f"{service}-worker", settings.log_level)
    if settings.worker_port:
        # For probes and Prometheus: a worker has no other port.
        prometheus_client.start_http_server(settings.worker_port)
    working = importlib.import_module(f"services.{service}.working")
    collecting.settle()
    uvloop.run(working.work_on(settings))
