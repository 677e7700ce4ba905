"""Authenticity of grants: who can write to the database alone can neither make nor widen one.

A client's row is registered (``shared.registered``): so an older row, whose MAC was good once, cannot be put back, and a
revoked client stays revoked.  A row that is not authentic counts as no client at all.
"""

from typing import Any

from services.registry.identity.models import Client
from shared.keys import KeySet
from shared.registered import Register, Registered

CLIENTS = Register("client", "clients", naming="client")


class Forged(Exception):
    """A client's row is not as an operator's command wrote it."""


def registered(client: Client) -> Registered:
    """Every column but the MAC.

    The limits of a grant stand in it where it has any: a row from before there were limits keeps its MAC.
    """
    limits: tuple[Any, ...] = ()
    if client.contractor or client.valid_from or client.valid_until:
        limits = client.contractor, client.valid_from, client.valid_until
    values = (
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
    )
    return Registered(CLIENTS, client.id, client.generation, values, client.mac)


def authentic(keys: KeySet, client: Client) -> bool:
    return registered(client).authentic(keys)
