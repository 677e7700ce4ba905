"""Key files: the secrets that never enter a database.

Every key set is one JSON file of mode 0600 under ``HUTONG_HOME/keys/<service>/``, holding numbered
256-bit keys of which one is current; older numbers still open what they sealed.  ``hutong init``
makes them; nothing in the program has a default secret.

Cast: a *master* set wraps data keys; an *index* set keys look-up hashes and is kept apart from it; *entries* keys
the natural key of what sources push and never rotates, since it is an identity; *audit* authenticates audit
rows, events, grants and erasures; *cursor* seals page cursors; *references* makes opaque per-receiver references.

A rotation has two steps, so that no process ever meets what it cannot open: a key is *added*, and all processes of the
service learn of it; then it becomes current.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

KEY_BYTES = 32

SETS: Mapping[str, tuple[str, ...]] = {
    "registry": ("master", "index", "entries", "audit", "cursor", "references"),
    "matching": ("master", "index"),
    "notifications": ("master", "audit", "cursor", "references"),
}
#: The one key set that two services hold: a reference made by one is read by the other.
SHARED_SETS = {"references"}


@dataclass(frozen=True, slots=True)
class KeySet:
    """``since`` is when the current key became so; None for the first."""

    current: int
    keys: Mapping[int, bytes]
    since: datetime | None = None

    @property
    def key(self) -> bytes:
        return self.keys[self.current]


def new_key_set() -> KeySet:
    return KeySet(1, {1: secrets.token_bytes(KEY_BYTES)})


def added(keys: KeySet) -> KeySet:
    """The same set with one more key, which is not current yet."""
    new = {**keys.keys, max(keys.keys) + 1: secrets.token_bytes(KEY_BYTES)}
    return KeySet(keys.current, new, keys.since)


def promoted(keys: KeySet, now: datetime) -> KeySet:
    """The same set with its newest key current."""
    return KeySet(max(keys.keys), keys.keys, now)


def rotated(keys: KeySet) -> KeySet:
    """The same set with one more key, which is current from now on."""
    new = added(keys)
    return KeySet(max(new.keys), new.keys, new.since)


def without(keys: KeySet, number: int) -> KeySet:
    """The same set without an older key; ValueError for the current one or one it has not."""
    if number == keys.current or number not in keys.keys:
        raise ValueError(f"key {number} is current or not there")
    return KeySet(keys.current, {n: k for n, k in keys.keys.items() if n != number}, keys.since)


def save(keys: KeySet, path: Path) -> None:
    body: dict[str, Any] = {
        "current": keys.current,
        "keys": {str(n): base64.b64encode(k).decode() for n, k in sorted(keys.keys.items())},
    }
    if keys.since is not None:
        body["since"] = keys.since.isoformat()
    write_secret(path, json.dumps(body).encode())


def load(path: Path) -> KeySet:
    """Read a key set; FileNotFoundError names the file when ``hutong init`` was not run."""
    body = json.loads(path.read_bytes())
    since = body.get("since")
    return KeySet(
        int(body["current"]),
        {int(n): base64.b64decode(k) for n, k in body["keys"].items()},
        datetime.fromisoformat(since) if since else None,
    )


def write_secret(path: Path, content: bytes) -> None:
    """Write a file readable by its owner alone, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
