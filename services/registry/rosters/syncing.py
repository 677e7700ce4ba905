"""Syncing: how a child stands with the national system; pure.

What was sent is compared with the child by ``told``, the digest of all that everyone who sees the child is told of: a visit
leaves a child in step, a new address does not.
"""

from typing import Any

from services.registry.rosters.terms import OWED, RosterVerdict, SyncState
from services.registry.status import Status


def sync_state(child: Any, last: Any | None) -> SyncState:
    """Of a ``children`` row and its row of the roster that was taken last, if any was."""
    if child["shielded"]:
        return SyncState.WITHHELD
    if last is None:
        return SyncState.NEVER_SENT
    if last["told"] != child["told"]:
        return SyncState.UNSYNCED
    return SyncState(RosterVerdict(last["verdict"])) if last["verdict"] else SyncState.SENT


def to_be_sent(child: Any, last: Any | None) -> bool:
    """Whether a roster takes the child in: first as a migrant child, then with whatever became of it."""
    state = sync_state(child, last)
    if state == SyncState.NEVER_SENT:
        return bool(child["status"] == Status.MIGRANT)
    return state in OWED
