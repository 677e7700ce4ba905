"""Peer hubs: the hubs of other places, to which notices go and from which they come."""

from services.notifications.peers.adding import add
from services.notifications.peers.keys import read_key

__all__ = ["add", "read_key"]
