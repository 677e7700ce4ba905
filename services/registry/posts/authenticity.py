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
_GONE: Final = (
    "SELECT DISTINCT h.post_id AS id FROM post_acts h"
    " WHERE NOT EXISTS (SELECT 1 FROM posts p WHERE p.id = h.post_id) ORDER BY 1"
)
#: Acts that the audit trail tells of, and that are not there: the whole post may be gone.
_MISSED: Final = (
    "SELECT DISTINCT a.detail ->> 'post' AS post FROM audit_entries a"
    " WHERE a.operation IN ('posts.make', 'posts.fill', 'posts.vacate', 'posts.train') AND a.detail ? 'post_act'"
    " AND NOT EXISTS (SELECT 1 FROM post_acts h WHERE h.id::text = a.detail ->> 'post_act') ORDER BY 1"
)
#: Trainings that no act tells of, of posts whose whole history is here; and acts of which there is no such training.
_UNTRAINED: Final = (
    "SELECT t.id FROM trainings t WHERE NOT EXISTS (SELECT 1 FROM post_acts h WHERE h.id = t.id AND h.act = 'trained')"
    " AND EXISTS (SELECT 1 FROM post_acts h WHERE h.post_id = t.post_id AND h.act = 'made')"
    " UNION SELECT h.id FROM post_acts h WHERE h.act = 'trained' AND NOT EXISTS (SELECT 1 FROM trainings t WHERE t.id = h.id"
    "  AND (t.post_id, t.staff, t.held_on, t.topic, t.hours) = (h.post_id, h.staff, h.day, h.topic, h.hours)) ORDER BY 1"
)


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every act that the service did not write so, every post that its acts do not account for or that lacks one of which the
    audit trail tells, and every training that is not the one of its act."""
    async for fault in POST_ACTS.faults(session, keys):
        yield fault
    connection = await raw(session)
    named = set()
    for row in await connection.fetch(_UNLIKE):
        why = (
            "has no history: nobody has vouched for it"
            if row["bare"]
            else "is not what its acts made of it"
        )
        named.add(str(row["id"]))
        yield f"post {row['id']} {why}"
    for row in await connection.fetch(_GONE):
        named.add(str(row["id"]))
        yield f"post {row['id']} was taken away"
    for row in await connection.fetch(_MISSED):
        if row["post"] not in named:
            yield f"post {row['post']} lacks an act that the audit trail tells of"
    for row in await connection.fetch(_UNTRAINED):
        yield f"training {row['id']} is not what its act says"
