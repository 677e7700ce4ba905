"""The issuer's signing keys, as their files are now: a rotation takes effect without a restart.

Cast: ``issuer.jwk`` signs; ``issuer-next.jwk``, if there, is published before it signs, and ``issuer-previous.jwk`` after it
did, so that tokens signed before a rotation are good until they expire.  The files are looked at once a second, and at
once when a token names a key that is not among them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey, KeySet, OKPKey

from shared import jwk

LOOK_SECONDS = 1.0
#: Tokens of unknown keys cause no more than one look in this time.
ASK_SECONDS = 0.1
CURRENT, NEXT, PREVIOUS = "issuer.jwk", "issuer-next.jwk", "issuer-previous.jwk"


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys at one moment: the one that signs, and all that verify, that one first."""

    signing: OKPKey | ECKey
    public: list[dict[str, Any]]
    verifying: KeySet


class IssuerKeys:
    """FileNotFoundError names the file when ``hutong init`` was not run."""

    def __init__(self, folder: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._monotonic = monotonic
        self._ring = read(folder)
        self._seen = self._marks()
        self._looked = monotonic()

    @property
    def signing(self) -> OKPKey | ECKey:
        return self._now(LOOK_SECONDS).signing

    @property
    def public(self) -> list[dict[str, Any]]:
        """The keys that verify access tokens, as the JWKS shows them."""
        return self._now(LOOK_SECONDS).public

    def verifying(self, kid: str | None = None) -> KeySet:
        """The keys that verify; read anew where ``kid`` is not among those known."""
        known = {key["kid"] for key in self._ring.public}
        return self._now(LOOK_SECONDS if kid in known else ASK_SECONDS).verifying

    def _now(self, age: float) -> Ring:
        now = self._monotonic()
        if now - self._looked >= age:
            self._looked = now
            if (marks := self._marks()) != self._seen:
                self._ring, self._seen = read(self._folder), marks
        return self._ring

    def _marks(self) -> list[tuple[int, int] | None]:
        """What tells one state of the files from another: each is only ever replaced whole."""
        marks: list[tuple[int, int] | None] = []
        for name in (CURRENT, NEXT, PREVIOUS):
            try:
                stat = (self._folder / name).stat()
            except FileNotFoundError:
                marks.append(None)
            else:
                marks.append((stat.st_ino, stat.st_mtime_ns))
        return marks


def read(folder: Path) -> Ring:
    """The keys as the files are at this moment; each once, whatever step a rotation has reached."""
    found: dict[str | None, OKPKey | ECKey] = {}
    for name in (CURRENT, NEXT, PREVIOUS):
        try:
            key = jwk.load(folder / name)
        except FileNotFoundError:
            if name == CURRENT:
                raise
            continue
        found.setdefault(key.kid, key)
    public = [jwk.public(key) for key in found.values()]
    return Ring(next(iter(found.values())), public, KeySet([jwk.read(key) for key in public]))
