"""Which processes belong to a cluster, told from ``/proc`` alone.

A process number in a file proves nothing: after a crash something else may bear it.  A postmaster
is known by its arguments and its children by their title; both stay readable where the links in
``/proc`` are not, as for root in a container.
"""

import contextlib
import fcntl
import hashlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from shared.embedded_postgres.installation import CannotStart, data_of

STOP_LIMIT = 60.0  # seconds for a fast shutdown with its checkpoint, before an immediate one
LOCK_PATIENCE = 5.0  # seconds for another starter to get far enough to be named


def running(state: Path) -> int | None:
    """The postmaster's process number, whoever started it; None when none runs."""
    return _postmaster(data_of(state))


def stop(state: Path) -> bool:
    """Stop the server of this state directory, whoever started it; False when none runs."""
    data = data_of(state)
    pid = _postmaster(data)
    if pid is None:
        return False
    for sign in (signal.SIGINT, signal.SIGQUIT):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        deadline = time.monotonic() + STOP_LIMIT
        while time.monotonic() < deadline:
            if not _serves(_words(pid), data):
                return True
            time.sleep(0.01)
    raise TimeoutError(f"PostgreSQL (process {pid}) does not end")


def lock(state: Path) -> int:
    """The descriptor whose holder alone may start this cluster; CannotStart when there is one."""
    descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            pid = running(state)
            if pid is not None or time.monotonic() > deadline:
                os.close(descriptor)
                what = f"runs already (process {pid})" if pid else "is held by another process"
                raise CannotStart(f"the PostgreSQL of {state} {what}") from None
            time.sleep(0.02)


def clear(data: Path) -> None:
    """With the lock held: see the last of an earlier server, then remove its stale pid file.

    An attached server whose starter was killed is still shutting down; the children of a killed
    postmaster may be deep in a query and are ended.
    """
    deadline = time.monotonic() + STOP_LIMIT
    while left := list(_processes(data)):
        if time.monotonic() > deadline:
            raise CannotStart(f"processes of an earlier PostgreSQL do not end: {left}")
        if _postmaster(data) is None:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)
        time.sleep(0.02)
    (data / "postmaster.pid").unlink(missing_ok=True)


def title(data: Path) -> str:
    """PostgreSQL's ``cluster_name``, which every child shows in its process title."""
    return f"hutong-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"


def _processes(data: Path) -> Iterator[int]:
    child = f"postgres: {title(data)}: "
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            words = _words(int(entry.name))
            if words[0].startswith(child) or _serves(words, data):
                yield int(entry.name)


def _postmaster(data: Path) -> int | None:
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if _serves(_words(pid), data) else None


def _serves(words: list[str], data: Path) -> bool:
    return words[0].endswith("/postgres") and words[1:3] == ["-D", str(data)]


def _words(pid: int) -> list[str]:
    """The arguments of a process; one empty word when it is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return [""]
