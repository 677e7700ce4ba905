"""Authenticity of grants: who can write to the database alone can neither make nor widen one.

Each client's row carries a MAC over all of it, under the audit key, which lies outside the database.  ``generation`` counts
the row's changes and only grows (a trigger sees to it), so that an older row, whose MAC was good once, cannot be put
back: a revoked client stays revoked.  A row that is not authentic counts as no client at all.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from services.registry.identity.models import Client
from shared import audit, authenticity
from shared.keys import KeySet

KIND = "client"


class Forged(Exception):
    """A client's row is not as an operator's command wrote it."""


def _values(client: Client) -> list[Any]:
    """Every column but the MAC.

    The limits of a grant stand in it where it has any: a row from before there were limits keeps its MAC.
    """
    limits: tuple[Any, ...] = ()
    if client.contractor or client.valid_from or client.valid_until:
        limits = client.contractor, client.valid_from, client.valid_until
    return [
        client.id,
        client.department,
        client.low,
        client.high,
        client.scopes,
        client.purposes,
        client.sources,
        client.keys,
        client.created_at,
        client.revoked_at,
        client.not_before,
        client.generation,
        *limits,
    ]


def mac(keys: KeySet, client: Client) -> bytes:
    return authenticity.mac(keys, KIND, _values(client))


def authentic(keys: KeySet, client: Client) -> bool:
    return authenticity.authentic(keys, KIND, _values(client), client.mac)


def act(operation: str, client: Client, actor: str) -> audit.Act:
    """What an operator did to a grant, as the audit trail keeps it: enough to tell the newest row from an older one."""
    detail = {
        "client": client.id,
        "generation": client.generation,
        "mac": (client.mac or b"").hex(),
    }
    return audit.Act("hutong", "operator", actor, "", f"clients.{operation}", (), detail)


def faults(
    keys: KeySet, clients: Iterable[Client], told: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """What is wrong with the rows, each fault naming its client.

    ``told`` is the detail of the newest act on each client that the audit trail knows of.
    """
    found = []
    seen = set()
    for client in clients:
        seen.add(client.id)
        last = told.get(client.id)
        if not authentic(keys, client):
            found.append(f"client {client.id} was forged or changed")
        elif last is None:
            found.append(f"client {client.id} is not told of by the audit trail")
        elif last["mac"] != (client.mac or b"").hex():
            found.append(f"client {client.id} is not as it was last written")
    found += [f"client {name} was removed" for name in sorted(set(told) - seen)]
    return found
