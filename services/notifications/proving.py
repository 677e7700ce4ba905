"""Proving: every peer, authority, answer and message to a peer is as the hub, or an operator's command, wrote it.

This is the one list of them: ``hutong audit verify`` reads it, and so do the guards.
"""

from collections.abc import AsyncIterator
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.authorities import queries as authorities
from services.notifications.deliveries.authenticity import MESSAGES
from services.notifications.notices.authenticity import ANSWERS
from services.notifications.peers import queries as peers
from shared.keys import KeySet

ATTESTED: Final = (ANSWERS, MESSAGES)


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """A line for each row that carries a MAC, or should, and is not as it was written; ``keys`` is the audit key set."""
    for registered in (peers, authorities):
        for fault in await registered.faults_of(session, keys):
            yield fault
    for attested in ATTESTED:
        async for fault in attested.faults(session, keys):
            yield fault
