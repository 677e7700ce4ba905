"""Ed25519 key files.  ``hub.key`` signs what goes to peer hubs, which know its public half."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared import signatures


def read_key(path: Path) -> Ed25519PrivateKey:
    """Read a ``whsk_…`` file; FileNotFoundError names it."""
    return signatures.private_key(path.read_text(encoding="ascii").strip())
