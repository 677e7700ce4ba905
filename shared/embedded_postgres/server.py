"""The server: started, watched until it is ready, and ended."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from shared import dying
from shared.embedded_postgres import processes
from shared.embedded_postgres.installation import SUPERUSER, Account, CannotStart, data_of, install
from shared.embedded_postgres.sizing import shared_buffers

START_LIMIT = 300.0  # seconds; recovery after a crash replays the log first

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    # After each checkpoint the first change of a page logs the page: blocking keys change pages at random, so with
    # checkpoints every 2 GB four fifths of a large load's log were pages.
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Errors quote values ("invalid input syntax for type uuid: …"): only server events are logged.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
#: For tests: a crash of the machine may lose everything, a crash of the server loses nothing.
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
}


class EmbeddedPostgres:
    """One server on one state directory; a context manager, unless detached."""

    def __init__(
        self, state: Path, *, durable: bool = True, port: int | None = None, detached: bool = False
    ) -> None:
        """``port`` None keeps the port of the last start, or picks a free one."""
        self.state = state.absolute()
        self.port = port or 0
        self._port_given = port is not None
        self._durable = durable
        self._detached = detached
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The postmaster's process number; None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def url(
        self, database: str = "postgres", user: str | None = None, password: str | None = None
    ) -> str:
        """Where a client connects; without a user, as the superuser."""
        if user is None:
            user, password = SUPERUSER, (self.state / "password").read_text()
        login = f"{user}:{quote(password or '', safe='')}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server, or start it again after it died; return once it takes connections.

        An attached server is started from the main thread: the kernel ties its life to that thread.
        """
        if self.pid is not None:
            return
        if not self._detached and threading.current_thread() is not threading.main_thread():
            raise CannotStart("an attached PostgreSQL must be started from the main thread")
        self.state.mkdir(parents=True, exist_ok=True)
        self._lock = self._lock if self._lock is not None else processes.lock(self.state)
        try:
            self._launch()
        except BaseException:
            self._end(signal.SIGQUIT)
            raise
        if self._detached:
            self._release()  # the server holds it now

    def stop(self) -> None:
        """Stop the server with a checkpoint and wait for its end."""
        self._end(signal.SIGINT)

    def _launch(self) -> None:
        binaries, data, account = install(self.state, sync=self._durable)
        processes.clear(data)
        for _ in range(3):
            if not self._port_given:
                self.port = _free_port(self.state / "port")
            self._process = self._spawn(binaries, data, account)
            if self._becomes_ready(data):
                (self.state / "port").write_text(str(self.port))
                return
            if self._port_given or _bindable(self.port):
                break  # not a lost race for the port
        word = _last_word(self.state / "postgres.log")
        raise CannotStart(f"PostgreSQL ended at once: {word}")

    def _spawn(self, binaries: Path, data: Path, account: Account) -> subprocess.Popen[bytes]:
        settings = SETTINGS | (
            {"shared_buffers": shared_buffers()} if self._durable else NOT_DURABLE
        )
        settings |= {"port": str(self.port), "cluster_name": processes.title(data)}
        command: list[str | Path] = [binaries / "postgres", "-D", data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = os.open(self.state / "postgres.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(self._lock,) if self._detached and self._lock is not None else (),
                preexec_fn=None if self._detached else dying.with_parent(signal.SIGINT),
                **account.process(),
            )
        finally:
            os.close(log)

    def _becomes_ready(self, data: Path) -> bool:
        """Wait for the word on line 8 of the pid file; False when the server ended instead."""
        assert self._process is not None
        deadline = time.monotonic() + START_LIMIT
        while self._process.poll() is None:
            with contextlib.suppress(FileNotFoundError):
                lines = (data / "postmaster.pid").read_text().splitlines()
                ready = len(lines) > 7 and lines[7].strip() == "ready"
                if ready and lines[0] == str(self._process.pid):
                    return True
            if time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL was not ready after {START_LIMIT:.0f} s")
            time.sleep(0.01)
        return False

    def _end(self, first: signal.Signals) -> None:
        for sign in (first, signal.SIGQUIT, signal.SIGKILL):
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(sign)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(processes.STOP_LIMIT)
        self._process = None
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def discard(state: Path) -> None:
    """Stop the server and delete its cluster, wherever that lies, with everything in it."""
    processes.stop(state)
    if (state / "cluster").exists():
        shutil.rmtree(data_of(state).parent)
    for name in ("cluster", "password", "port", "postgres.log", "lock"):
        (state / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        state.rmdir()  # unless something else lies in it


def _free_port(last: Path) -> int:
    """The port of the last start while it is free, so that clients find a restarted server."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        if _bindable(port := int(last.read_text())):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _last_word(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
    return (fatal or lines or ["it left no word in its log"])[-1]
