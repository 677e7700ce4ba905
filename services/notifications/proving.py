"""Proving: every peer, authority, answer and message to a peer is as the hub, or an operator's command, wrote it."""

from collections.abc import AsyncIterator

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.authorities import queries as authorities
from services.notifications.deliveries import authenticity as messages
from services.notifications.notices import authenticity as answers
from services.notifications.peers import queries as peers
from shared.keys import KeySet


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """A line for each row that carries a MAC, or should, and is not as it was written; ``keys`` is the audit key set."""
    for fault in await peers.faults_of(session, keys):
        yield fault
    for fault in await authorities.faults_of(session, keys):
        yield fault
    async for fault in answers.faults_of(session, keys):
        yield fault
    async for fault in messages.faults_of(session, keys):
        yield fault
