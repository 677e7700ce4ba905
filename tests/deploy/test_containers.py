"""The image's requirements and the compose file: what a container gets, and what it must not."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROCESSES = {"registry", "matching", "notifications", "registry-worker", "notifications-worker"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def runtime_requirements() -> str:
    command = [sys.executable, "deploy/runtime-requirements", "pyproject.toml", "requirements.lock"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def needed(roots: list[str]) -> set[str]:
    """What the installed packages themselves say that ``roots`` need here, extras included."""
    found: set[str] = set()
    waiting = [Requirement(root) for root in roots]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, frozenset(wanted.extras)))
        found.add(name)
        for line in importlib.metadata.requires(name) or ():
            asked = Requirement(line)
            extras = ("", *wanted.extras)
            if asked.marker is None or any(asked.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(asked)
    return found


def test_the_image_gets_what_the_product_needs_and_no_tool_of_ours() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = set(re.findall(r"(?m)^([a-z0-9][a-z0-9._-]*)==", runtime_requirements()))

    assert needed(project["dependencies"]) <= {canonicalize_name(name) for name in listed}
    assert not listed & {"mypy", "ruff", "pytest", "hypothesis", "kubernetes-validate", "uv"}


def test_every_package_of_the_image_is_pinned_by_hash() -> None:
    for block in re.split(r"(?m)^(?=[a-z0-9])", runtime_requirements())[1:]:
        assert re.search(r"==\S+ .*\n    --hash=sha256:", block), block.splitlines()[0]


def test_every_process_is_there_and_confined(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == PROCESSES | {"postgres", "init", "migrate", "admin"}
    for name in set(services) - {"postgres"}:
        assert services[name]["read_only"] is True, name
        assert services[name]["cap_drop"] == ["ALL"], name
        assert services[name]["security_opt"] == ["no-new-privileges:true"], name


def test_nothing_waits_for_a_health_condition(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "depends_on" in service] == []


def test_a_process_mounts_its_own_share_alone_and_may_not_write_it(compose: dict[str, Any]) -> None:
    for name in PROCESSES:
        share = name.removesuffix("-worker")
        assert compose["services"][name]["volumes"] == [f"{share}:/var/lib/hutong/{share}:ro"]


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|_DATABASE_URL$|_OWNER_URL$|SUPERUSER", key):
                assert re.search(r"\$\{HUTONG_POSTGRES_PASSWORD(:\?[^}]*)?\}", value), (name, key)


def test_postgresql_and_the_superuser_are_out_of_reach(compose: dict[str, Any]) -> None:
    told = {n for n, s in compose["services"].items() if "SUPERUSER" in str(s.get("environment"))}
    assert told == {"init"}
    assert compose["services"]["postgres"]["networks"] == ["databases"]
    assert compose["networks"]["databases"] == {"internal": True}
    assert {n for n, s in compose["services"].items() if s.get("ports")} == {
        "registry",
        "notifications",
    }


def test_postgresql_logs_neither_statements_nor_values(compose: dict[str, Any]) -> None:
    told = compose["services"]["postgres"]["command"]
    assert {"log_min_error_statement=panic", "log_error_verbosity=terse"} <= set(told)


def test_every_process_is_asked_whether_it_lives(compose: dict[str, Any]) -> None:
    for name in PROCESSES:
        service = compose["services"][name]
        asked = service["healthcheck"]["test"][-1]
        if name.endswith("-worker"):
            assert f":{service['environment']['HUTONG_WORKER_PORT']}/metrics" in asked, name
        else:
            assert "/readyz" in asked, name


def test_the_operators_hand_reaches_every_database_as_its_owner(compose: dict[str, Any]) -> None:
    """Or it could neither back up nor restore."""
    told = compose["services"]["admin"]["environment"]
    for service in ("registry", "matching", "notifications"):
        for kind, file in (("DATABASE", "app-url"), ("OWNER", "owner-url")):
            path = f"/var/lib/hutong/admin/databases/{service}/{file}"
            assert told[f"HUTONG_{service.upper()}_{kind}_URL_FILE"] == path
