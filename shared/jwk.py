"""Client and issuer key pairs as JWK files (ES256 or Ed25519), mode 0600."""

import json
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey, Key, OKPKey, import_key

from shared.keys import write_secret


def new_key(kid: str) -> OKPKey:
    """An Ed25519 signing key pair."""
    return OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": "Ed25519"})


def new_issuer_key(kid: str) -> ECKey:
    """An ES256 signing key pair, which every OAuth library of the receivers verifies."""
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})


def save(key: Key, path: Path) -> None:
    write_secret(path, json.dumps(key.as_dict(private=True)).encode())


def load(path: Path) -> OKPKey | ECKey:
    """FileNotFoundError names the file; ValueError when it is neither Ed25519 nor P-256."""
    return read(json.loads(path.read_bytes()))


def read(values: dict[str, Any]) -> OKPKey | ECKey:
    key = import_key(values)
    if isinstance(key, OKPKey) and values.get("crv") == "Ed25519":
        return key
    if isinstance(key, ECKey) and values.get("crv") == "P-256":
        return key
    raise ValueError("a client key is Ed25519 or P-256")


def algorithm(key: Key) -> str:
    return "Ed25519" if isinstance(key, OKPKey) else "ES256"


def public(key: Key) -> dict[str, Any]:
    return dict(key.as_dict(private=False))
