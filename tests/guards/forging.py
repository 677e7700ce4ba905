"""Access tokens that must not be good, each made from a good one."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key

from shared import jwk


@dataclass(frozen=True)
class Minted:
    """A good token, its parts, and the key that signed it, which a forger does not have."""

    token: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    key: Key

    @classmethod
    def of(cls, token: str, key: Key) -> "Minted":
        header, claims = (json.loads(unpadded(part)) for part in token.split(".")[:2])
        return cls(token, header, claims, key)

    def signed(
        self, key: Key | None = None, header: Mapping[str, Any] | None = None, **claims: Any
    ) -> str:
        """The token with other claims; None drops one.  Signed by the hub's own key unless another is given."""
        said = {k: v for k, v in {**self.claims, **claims}.items() if v is not None}
        made = {k: v for k, v in {**self.header, **(header or {})}.items() if v is not None}
        return jwt.encode(made, said, key or self.key, algorithms=[made["alg"]])


def unpadded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def _with_alg_none(good: Minted) -> str:
    header = {**good.header, "alg": "none"}
    return f"{encoded(json.dumps(header).encode())}.{good.token.split('.')[1]}."


def _keyed_by(secret: bytes) -> Callable[[Minted], str]:
    """HMAC confusion: what is public, used as if it were a shared secret."""

    def forge(good: Minted) -> str:
        header = encoded(json.dumps({**good.header, "alg": "HS256"}).encode())
        said = f"{header}.{good.token.split('.')[1]}"
        return f"{said}.{encoded(hmac.digest(secret, said.encode(), 'sha256'))}"

    return forge


def _by_public_jwk(good: Minted) -> str:
    public = json.dumps(jwk.public(good.key), separators=(",", ":")).encode()
    return _keyed_by(public)(good)


def _by_public_pem(good: Minted) -> str:
    return _keyed_by(good.key.as_pem(private=False))(good)


def _tampered(good: Minted) -> str:
    header, _, signature = good.token.split(".")
    grant = {**good.claims["grant"], "low": 0, "high": 999_999_999_999}
    claims = json.dumps({**good.claims, "grant": grant}).encode()
    return f"{header}.{encoded(claims)}.{signature}"


def _by_another_key(good: Minted) -> str:
    return good.signed(jwk.new_issuer_key(str(good.header["kid"])))


def _by_its_own_key(good: Minted) -> str:
    mine = jwk.new_issuer_key(str(good.header["kid"]))
    return good.signed(mine, {"jwk": jwk.public(mine)})


def _of_another_hub(good: Minted) -> str:
    other = "https://registry.heze.example"
    return good.signed(jwk.new_issuer_key("issuer-1"), iss=other, aud=other)


def _with_ed25519(good: Minted) -> str:
    return good.signed(jwk.new_key(str(good.header["kid"])), {"alg": "Ed25519"})


def _with_es384(good: Minted) -> str:
    return good.signed(ECKey.generate_key("P-384"), {"alg": "ES384"})


#: By what is wrong with it.  All but the first few are signed as a hub signs.
FORGERIES: Mapping[str, Callable[[Minted], str]] = {
    "garbage": lambda _: "garbage",
    "three empty parts": lambda _: "..",
    "not base64": lambda good: good.token.replace("e", "!"),
    "signature cut off": lambda good: good.token.rpartition(".")[0] + ".",
    "payload edited": _tampered,
    "alg none": _with_alg_none,
    "HMAC by the public JWK": _by_public_jwk,
    "HMAC by the public PEM": _by_public_pem,
    "another key of the same name": _by_another_key,
    "another key, brought along": _by_its_own_key,
    "another curve": _with_es384,
    "another allowed algorithm": _with_ed25519,
    "another hub's": _of_another_hub,
    "typ JWT": lambda good: good.signed(header={"typ": "JWT"}),
    "no typ": lambda good: good.signed(header={"typ": None}),
    "another audience": lambda good: good.signed(aud="https://registry.heze.example"),
    "the audience in an array": lambda good: good.signed(aud=[good.claims["aud"]]),
    "no audience": lambda good: good.signed(aud=None),
    "another issuer": lambda good: good.signed(iss="https://registry.heze.example"),
    "no issuer": lambda good: good.signed(iss=None),
    "expired": lambda good: good.signed(iat=good.claims["iat"] - 900, exp=good.claims["iat"] - 600),
    "without expiry": lambda good: good.signed(exp=None),
    "from the future": lambda good: good.signed(
        iat=good.claims["iat"] + 600, exp=good.claims["iat"] + 900
    ),
    "without grant": lambda good: good.signed(grant=None),
    "without client": lambda good: good.signed(client_id=None),
    "without scope": lambda good: good.signed(scope=None),
    "an unheard-of scope": lambda good: good.signed(scope="everything"),
}
