"""The hub's own webhook key: it signs what goes to peer hubs, which know its public half."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared import signatures


def hub_key(path: Path) -> Ed25519PrivateKey:
    """Read ``keys/notifications/hub.key`` (``whsk_…``); FileNotFoundError names the file."""
    return signatures.private_key(path.read_text(encoding="ascii").strip())
