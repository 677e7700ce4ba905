"""Sending: starting the client process of the bench, and letting it go when the clock runs."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from services.local.hub import LocalHub

BATCH = 1000
HUB = "chongqing"


class Job(NamedTuple):
    """What one client sends to one feed: a file of bodies, one JSON array a line."""

    client: str
    key: str
    feed: str
    bodies: str


class Sender:
    """A client process that holds its tokens and waits to be let go."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def send(self) -> tuple[int, float]:
        """Send everything: items taken, and the seconds that it took."""
        done, _ = self._process.communicate("\n")
        if self._process.returncode:
            raise RuntimeError("the client process of the bench failed")
        taken, seconds = done.split()
        return int(taken), float(seconds)


@contextmanager
def sender(
    hub: LocalHub, state: Path, name: str, items: Mapping[tuple[str, str], Sequence[dict[str, Any]]]
) -> Iterator[Sender]:
    """A sender of these items by (department, feed); ``name`` names its files."""
    jobs = []
    for (department, feed), members in items.items():
        client = f"{HUB}-{department}"
        key = hub.home / "keys" / "clients" / f"{client}.jwk"
        bodies = _write(state / f"{name}-{feed}.ndjson", members)
        jobs.append(Job(client, str(key), feed, str(bodies)))
    plan = state / f"{name}.plan"
    plan.write_text("".join("\t".join(job) + "\n" for job in jobs), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "services.bench.load", hub.url("registry"), str(plan)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError("the client process of the bench did not get ready")
        yield Sender(process)
    finally:
        process.kill()
        process.wait()


def _write(path: Path, items: Sequence[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for at in range(0, len(items), BATCH):
            file.write(json.dumps(items[at : at + BATCH], ensure_ascii=False) + "\n")
    return path
