"""Authenticity of the history of posts: each act bears a MAC over all of it, under the audit key, which lies outside the database.

So whoever can write to the database alone can neither make somebody the holder of a post, today or in the past, nor take
anybody out of one: the present row of a post is proven by its newest act.
"""

from collections.abc import AsyncIterator
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.authenticity import Attested
from shared.database import raw
from shared.keys import KeySet

POST_ACTS: Final = Attested(
    kind="post act",
    table="post_acts",
    event="post_act.forged",
    columns=(
        "id",
        "post_id",
        "number",
        "act",
        "kind",
        "division",
        "seat",
        "staff",
        "since",
        "day",
        "topic",
        "hours",
        "reason",
        "client",
        "actor",
        "at",
    ),
)
#: Posts whose present row is not what their history came to; that has one act for each of its versions, or begins later.
_UNLIKE: Final = (
    "SELECT p.id, a.post_id IS NULL AS bare FROM posts p LEFT JOIN LATERAL ("
    "  SELECT * FROM post_acts h WHERE h.post_id = p.id ORDER BY h.number DESC LIMIT 1) a ON true"
    " LEFT JOIN LATERAL (SELECT count(*) AS acts, min(number) AS first FROM post_acts h"
    "  WHERE h.post_id = p.id) n ON true"
    " WHERE a.post_id IS NULL OR n.acts <> a.number - n.first + 1"
    "  OR (p.version, p.kind, p.division, p.seat, p.since) <> (a.number, a.kind, a.division, a.seat, a.since)"
    "  OR p.staff IS DISTINCT FROM a.staff ORDER BY p.id"
)


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every act that the service did not write so, and every post that its acts do not account for."""
    async for fault in POST_ACTS.faults(session, keys):
        yield fault
    connection = await raw(session)
    for row in await connection.fetch(_UNLIKE):
        why = (
            "has no history: nobody has vouched for it"
            if row["bare"]
            else "is not what its acts made of it"
        )
        yield f"post {row['id']} {why}"
