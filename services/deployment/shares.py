"""Each service's own share of a home: its keys, its client key and its runtime URL, nothing of others.

In containers a process mounts its share alone, so that matching's index keys never lie beside the
registry's master keys, and nobody but an operator's job can read an owner's URL.
"""

from collections.abc import Mapping
from pathlib import Path

from services.deployment.databases import RUNTIME, url_file
from shared.keys import write_secret

#: The client keys each service signs with; notifications speaks for the whole hub to its peers.
CLIENTS: Mapping[str, tuple[str, ...]] = {
    "registry": ("registry",),
    "matching": ("matching",),
    "notifications": ("notifications", "hub"),
}
#: Written last: whoever waits for it finds the rest there.
DATABASE_URL = "database-url"


def lay_apart(home: Path, shares: Path) -> None:
    """Write every service's share into ``shares/<service>``; harmless to repeat.

    A key of the issuer that was retired goes from its share too.
    """
    for service, clients in CLIENTS.items():
        share = shares / service
        keys = [
            *sorted((home / "keys" / service).iterdir()),
            *sorted(file for file in (home / "keys" / "public").iterdir() if file.is_file()),
            *(home / "keys" / "clients" / f"{client}.jwk" for client in clients),
        ]
        for retired in (share / "keys" / service).glob("issuer*.jwk"):
            if not (home / retired.relative_to(share)).exists():
                retired.unlink()
        for file in keys:
            write_secret(share / file.relative_to(home), file.read_bytes())
        write_secret(share / DATABASE_URL, url_file(home, service, RUNTIME).read_bytes())
