"""Rotating keys: what is done to key files, and when an older key may go.

Cast: a *set* is named ``service/name`` (``registry/master``); the *issuer* is the pair that signs access tokens, in up to three
files that running processes follow (``services/registry/identity/signing.py``).  Nothing here touches a database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from services.registry.identity.signing import CURRENT, LOOK_SECONDS, NEXT, PREVIOUS
from shared import jwk, keys
from shared.keys import KeySet
from shared.limits import (
    CLOCK_SKEW_SECONDS,
    CURSOR_LIFE_SECONDS,
    REVOCATION_POLL_SECONDS,
    TOKEN_LIFE_SECONDS,
)

ISSUER = "issuer"
CURSOR_LIFE = timedelta(seconds=CURSOR_LIFE_SECONDS)
#: In this time the registry shows a key that was added, and every other service has asked for it.
HEARD_SECONDS = LOOK_SECONDS + REVOCATION_POLL_SECONDS + 1.0
TOKEN_LIFE = timedelta(seconds=TOKEN_LIFE_SECONDS + CLOCK_SKEW_SECONDS)


class Use(StrEnum):
    """What a set does, and so what has to be before an older key of it may go."""

    WRAPS = "wraps"
    """data keys: once none is wrapped under it (`hutong keys rewrap`)"""
    SEALS = "seals"
    """rows of matching themselves: once none is sealed under it (`hutong keys rewrap matching`)"""
    FINDS = "finds"
    """look-up hashes: once every child has one under the current key (`hutong rebuild`)"""
    BLOCKS = "blocks"
    """blocking hashes of matching, whose processes follow: `hutong linkage rekey` does all of it"""
    PROVES = "proves"
    """audit entries, events and grants of the past: never"""
    PAGES = "pages"
    """cursors: a day after the rotation"""
    IDENTIFIES = "identifies"
    """entry ids and references: it is never rotated"""


_USES: Mapping[str, Use] = {
    "registry/master": Use.WRAPS,
    "registry/index": Use.FINDS,
    "registry/entries": Use.IDENTIFIES,
    "registry/audit": Use.PROVES,
    "registry/cursor": Use.PAGES,
    "registry/references": Use.IDENTIFIES,
    "matching/master": Use.SEALS,
    "matching/index": Use.BLOCKS,
    "notifications/master": Use.WRAPS,
    "notifications/audit": Use.PROVES,
    "notifications/cursor": Use.PAGES,
    "notifications/references": Use.IDENTIFIES,
}
SETS: Mapping[str, Use] = {
    f"{service}/{name}": _USES[f"{service}/{name}"]
    for service, names in keys.SETS.items()
    for name in names
}


class CannotRotate(Exception):
    """The act would leave something that nothing opens, verifies or finds; the message says what."""


def file_of(home: Path, name: str) -> Path:
    """The file of a set; CannotRotate when no set has this name."""
    if name not in SETS:
        raise CannotRotate(f"there is no key set {name}; hutong keys list names them")
    return home / "keys" / f"{name}.json"


def add(home: Path, name: str, now: datetime) -> int:
    """Add a key beside the current one; its number.  For the issuer: the next one, shown before it signs."""
    if name == ISSUER:
        return _add_issuer(home, now)
    path = _rotatable(home, name)
    held = keys.load(path)
    if max(held.keys) > held.current:
        raise CannotRotate(f"{name} has an added key already: rotate makes it current")
    held = keys.added(held)
    keys.save(held, path)
    return max(held.keys)


def rotate(home: Path, name: str, now: datetime, *, at_once: bool = False) -> int:
    """Make the added key current; its number.  ``at_once`` adds one where there is none.

    The issuer's needs no such word: its running processes follow the files.
    """
    if name == ISSUER:
        return _rotate_issuer(home, now)
    path = _rotatable(home, name)
    if SETS[name] == Use.BLOCKS:
        raise CannotRotate(f"{name} is rotated while its processes run: hutong linkage rekey")
    held = keys.load(path)
    if max(held.keys) == held.current:
        if not at_once:
            raise CannotRotate(
                f"{name} has no added key: hutong keys add {name}, restart its processes, then rotate;"
                " or --at-once while none of them runs"
            )
        held = keys.added(held)
    held = keys.promoted(held, now)
    keys.save(held, path)
    return held.current


def retire(home: Path, name: str, number: int, now: datetime) -> None:
    """Drop an older key.  The caller has looked at what is held under it."""
    path = _rotatable(home, name)
    held = keys.load(path)
    use = SETS[name]
    if use == Use.BLOCKS:
        raise CannotRotate(f"hutong linkage rekey drops the older key of {name} at its end")
    if use == Use.PROVES:
        raise CannotRotate(f"older keys of {name} stay: what was written under them needs them")
    if number not in held.keys or number >= held.current:
        raise CannotRotate(f"{name} has no older key {number}")
    if use == Use.PAGES and (held.since is None or now < held.since + CURSOR_LIFE):
        raise CannotRotate(
            f"cursors under {name} {number} may be good for a day after the rotation"
        )
    keys.save(keys.without(held, number), path)


def _rotatable(home: Path, name: str) -> Path:
    path = file_of(home, name)
    if SETS[name] == Use.IDENTIFIES:
        raise CannotRotate(f"{name} makes identities, which would all change: it is never rotated")
    return path


def _issuer(home: Path, name: str) -> Path:
    return home / "keys" / "registry" / name


def _add_issuer(home: Path, now: datetime) -> int:
    if _issuer(home, NEXT).exists():
        raise CannotRotate("the issuer's next key is there already: rotate lets it sign")
    jwk.save(jwk.new_issuer_key(f"issuer-{now:%Y%m%d%H%M%S}"), _issuer(home, NEXT))
    return 1


def heard_in(home: Path, now: datetime) -> float:
    """Seconds until every service knows the issuer's next key, which is added where it is not there yet."""
    if _issuer(home, PREVIOUS).exists():
        return 0.0  # the rotation will be refused
    if not _issuer(home, NEXT).exists():
        _add_issuer(home, now)
        return HEARD_SECONDS
    return max(0.0, _issuer(home, NEXT).stat().st_mtime + HEARD_SECONDS - now.timestamp())


def _rotate_issuer(home: Path, now: datetime) -> int:
    if _issuer(home, PREVIOUS).exists():
        raise CannotRotate("the key before is still there: hutong keys retire issuer")
    if not _issuer(home, NEXT).exists():
        _add_issuer(home, now)
    # Whatever step a reader meets, it finds every key that is in use.
    keys.write_secret(_issuer(home, PREVIOUS), _issuer(home, CURRENT).read_bytes())
    keys.write_secret(_issuer(home, CURRENT), _issuer(home, NEXT).read_bytes())
    _issuer(home, NEXT).unlink()
    return 1


def retire_issuer(home: Path, now: datetime, *, force: bool = False) -> None:
    """Drop the key before, once no token under it can be good; ``force`` ends those tokens, as when it was stolen."""
    previous = _issuer(home, PREVIOUS)
    if not previous.exists():
        raise CannotRotate("the issuer has no key before the current one")
    rotated_at = datetime.fromtimestamp(previous.stat().st_mtime, now.tzinfo)
    if not force and now < rotated_at + TOKEN_LIFE:
        raise CannotRotate(
            f"tokens under it may be good until {rotated_at + TOKEN_LIFE:%H:%M:%S}; --force ends them"
        )
    previous.unlink()


@dataclass(frozen=True, slots=True)
class Held:
    """A set as `hutong keys list` shows it."""

    name: str
    use: str
    current: str
    others: tuple[str, ...]
    since: datetime | None


def listed(home: Path) -> list[Held]:
    """Every set under ``home`` and the issuer; what a process's own share leaves out is left out."""
    found = []
    for name, use in SETS.items():
        path = file_of(home, name)
        if path.exists():
            held: KeySet = keys.load(path)
            others = tuple(str(n) for n in sorted(held.keys) if n != held.current)
            found.append(Held(name, use, str(held.current), others, held.since))
    if _issuer(home, CURRENT).exists():
        kids = {
            file: str(jwk.load(_issuer(home, file)).kid)
            for file in (CURRENT, NEXT, PREVIOUS)
            if _issuer(home, file).exists()
        }
        current = kids.pop(CURRENT)
        found.append(Held(ISSUER, "signs", current, tuple(kids.values()), None))
    return found
