"""Methods that an address does not take, HEAD and OPTIONS among them: refused alike, and never a fault."""

from pathlib import Path
from uuid import UUID

import httpx
import pytest
from prometheus_client import generate_latest

from services.local import secrets as key_files
from services.registry.application import create_app
from services.registry.settings import RegistrySettings
from shared import telemetry
from shared.problems import RETRY_AFTER
from tests.contracts.conftest import Reached
from tests.contracts.test_documents import SERVICES, documented

ABSENT = str(UUID(int=1))


def paths(service: str) -> dict[str, set[str]]:
    """Every documented address, filled in, with the methods that it takes."""
    return {
        "/".join(ABSENT if part.startswith("{") else part for part in path.split("/")): {
            method.upper() for method in item
        }
        for path, item in documented(service)["paths"].items()
    }


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("service", SERVICES)
def test_a_method_that_is_not_taken(reached: Reached, service: str, method: str) -> None:
    address = reached.world.hub.url(service)
    for path, taken in paths(service).items():
        reply = reached.send(service, httpx.Request(method, f"{address}{path}"))
        assert method not in taken
        assert reply.status_code == 405, path
        # A template beside it may take more: /children/search is also some /children/{child_id}.
        assert set(reply.headers["allow"].split(", ")) >= taken, path
        assert reply.headers["content-type"] == "application/problem+json"


def test_methods_of_ones_own_making_leave_no_series(reached: Reached) -> None:
    for number in range(5):
        reached.send(
            "registry",
            httpx.Request(f"MADE{number}", f"{reached.world.hub.url('registry')}/v1/feeds"),
        )
    assert b"MADE" not in generate_latest(telemetry.REGISTRY)


async def test_who_cannot_be_served_now_is_told_when(tmp_path: Path) -> None:
    """By a registry whose database does not answer, and which knows nothing better."""
    key_files.make(tmp_path)
    nowhere = "postgresql://nobody:none@127.0.0.1:1/none"
    told = {"home": tmp_path, "registry_database_url": nowhere}
    app = create_app(RegistrySettings.model_validate(told))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://registry.test"
    ) as http:
        reply = await http.get("/readyz")
    assert (reply.status_code, reply.headers["retry-after"]) == (503, RETRY_AFTER[503])
