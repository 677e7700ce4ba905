"""Proving: every row of the registry that bears a MAC is as the service, or an operator's command, wrote it.

This is the one list of them: ``hutong audit verify`` reads it, and so do the guards.  What is sealed is proven by
``children.proving``, what is folded by ``children.rebuilding``.
"""

from collections.abc import AsyncIterator
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.changes import authenticity as changes
from services.registry.changes.authenticity import CHANGES, POSITIONS
from services.registry.erasures import authenticity as erasures
from services.registry.erasures.authenticity import ERASURES
from services.registry.figures.authenticity import FIGURES
from services.registry.identity import clients
from services.registry.posts import authenticity as posts
from services.registry.posts.authenticity import POST_ACTS
from services.registry.records import authenticity as former_links
from services.registry.records.authenticity import FORMER_LINKS
from services.registry.rosters import authenticity as rosters
from services.registry.rosters.authenticity import ACTS, READINGS, ROSTERS, ROWS
from services.registry.rulebooks import keeping as rulebooks
from services.registry.rulebooks.keeping import RULEBOOKS
from services.registry.survey_rounds.authenticity import ROUNDS
from shared.keys import KeySet

#: Of these a fault is a row that the service did not write so, and nothing else.
_PLAIN: Final = (ROUNDS, POSITIONS, FIGURES, ROSTERS, ROWS, READINGS, ACTS)
#: Of these more can be wrong: what is missing, or who played both persons.
_MORE: Final = (
    erasures.faults_of,
    changes.faults_of,
    former_links.faults_of,
    rulebooks.faults_of,
    rosters.gaps,
    posts.faults_of,
)
ATTESTED: Final = (*_PLAIN, FORMER_LINKS, ERASURES, CHANGES, RULEBOOKS, POST_ACTS)


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """A line for each row that is not as it was written, or is gone; ``keys`` is the audit key set."""
    for fault in await clients.faults_of(session, keys):
        yield fault
    for attested in _PLAIN:
        async for fault in attested.faults(session, keys):
            yield fault
    for verifier in _MORE:
        async for fault in verifier(session, keys):
            yield fault
