"""`hutong init`: every key of a hub, made once, mode 0600, never overwritten."""

from pathlib import Path

from shared import jwk, keys, signatures

#: The hub's own services as OAuth clients, and the hub itself as a client of its peers.
OWN_CLIENTS = ("registry", "matching", "notifications", "hub")


def make(home: Path) -> list[Path]:
    """Make whatever key file is missing under ``home``; the files made."""
    root = home / "keys"
    made: list[Path] = []

    def once(path: Path) -> bool:
        if path.exists():
            return False
        made.append(path)
        return True

    for service, names in keys.SETS.items():
        for name in names:
            path = root / service / f"{name}.json"
            if once(path):
                keys.save(keys.new_key_set(), path)
    for name in sorted(keys.SHARED_SETS):
        first, *others = (root / s / f"{name}.json" for s, n in keys.SETS.items() if name in n)
        for other in others:
            if other in made:
                keys.write_secret(other, first.read_bytes())
    if once(issuer := root / "registry" / "issuer.jwk"):
        jwk.save(jwk.new_issuer_key("issuer-1"), issuer)
    for client in OWN_CLIENTS:
        if once(path := root / "clients" / f"{client}.jwk"):
            jwk.save(jwk.new_key(f"{client}-1"), path)
    for path, public in (
        (root / "registry" / "relay.key", "registry-relay.pub"),
        (root / "registry" / "audit-signing.key", "registry-audit.pub"),
        (root / "notifications" / "audit-signing.key", "notifications-audit.pub"),
        (root / "notifications" / "hub.key", "hub.pub"),
    ):
        if once(path):
            key = signatures.new_private_key()
            keys.write_secret(path, signatures.private_text(key).encode())
            keys.write_secret(
                root / "public" / public, signatures.public_text(key.public_key()).encode()
            )
    return made
