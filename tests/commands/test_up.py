"""`hutong up` beside a hub that runs: nothing that was asked for is silently left out."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import app_for
from services.commands import local

NETWORKS = "HUTONG_NOTIFICATIONS_ALLOWED_NETWORKS"


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Something runs under the name of a hub's process, as `up` with its own options left it."""
    monkeypatch.setattr(local, "STATE", tmp_path)
    state = tmp_path / "up"
    state.mkdir()
    idle = [sys.executable, "-c", "import time; time.sleep(60)", "services.cli"]
    with subprocess.Popen(idle) as process:
        told = local._settings("hutong", "50")
        (state / "processes.json").write_text(json.dumps({"serve registry": process.pid}))
        (state / "settings.json").write_text(json.dumps(told))
        while not local._running(state):  # else `up` would start a hub in earnest
            time.sleep(0.01)
        yield
        process.kill()


@pytest.mark.parametrize(
    ("options", "environment", "named"),
    [
        ([], {}, ""),
        (["--area", "3717"], {}, "--area"),
        ([], {NETWORKS: "127.0.0.0/8"}, NETWORKS),
        (["--name", "heze"], {NETWORKS: "127.0.0.0/8"}, f"--name, {NETWORKS}"),
        ([], {"HUTONG_ACTOR": "staff-7", "HUTONG_REGISTRY_URL": "http://127.0.0.1:8100"}, ""),
    ],
)
def test_what_it_would_have_started_otherwise_is_named(
    running: None, options: list[str], environment: dict[str, str], named: str
) -> None:
    done = CliRunner().invoke(app_for("up"), ["up", *options], env=environment)
    assert done.exit_code == 1
    assert "already up" in done.output
    assert ("another" in done.output) == bool(named)
    assert named in done.output
    assert "127.0.0.0/8" not in done.output
