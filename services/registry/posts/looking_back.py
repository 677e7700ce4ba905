"""Looking back: posts as they stood on a day, as the hub knew them at an instant, in the rows that today's are read in.

Told from their acts, each proven before it is told; of a post with an act that was not written here nothing is told.  Who
sees a post is who sees it today.  What was done is valid from the day that was said of it: with no day asked for, a post
stands as the last act that was known left it, as today's does.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.posts import queries
from services.registry.posts.authenticity import POST_ACTS
from services.registry.posts.queries import START, Position
from services.registry.posts.terms import PostChange
from shared.auth import Caller
from shared.database import raw
from shared.keys import KeySet

#: So many posts are looked up at once.
PAGE: Final = 500
_EVERYWHERE: Final = (0, 10**12 - 1)
_POSTS: Final = (
    "SELECT p.id, p.division FROM posts p WHERE p.division BETWEEN $1 AND $2"
    " AND (p.division BETWEEN $3 AND $4"
    "  OR EXISTS (SELECT 1 FROM post_acts a WHERE a.post_id = p.id AND a.division BETWEEN $3 AND $4))"
    f" AND (p.division, p.id) > ($5, $6) ORDER BY p.division, p.id LIMIT {PAGE}"
)
_ACTS: Final = (
    f"SELECT {POST_ACTS.selected} FROM post_acts WHERE post_id = ANY($1) AND at <= $2"
    " ORDER BY post_id, number"
)
_TRAINED: Final = (
    f"SELECT {POST_ACTS.selected} FROM post_acts WHERE act = 'trained' AND staff = ANY($1)"
    " AND at <= $2 AND ($3::date IS NULL OR day <= $3)"
)
#: Of before there were histories: known from when the post's began.
_TRAINED_BEFORE: Final = (
    "SELECT t.id, t.staff, t.held_on, t.topic, t.hours FROM trainings t WHERE t.staff = ANY($1)"
    " AND ($3::date IS NULL OR t.held_on <= $3)"
    " AND NOT EXISTS (SELECT 1 FROM post_acts a WHERE a.id = t.id)"
    " AND EXISTS (SELECT 1 FROM post_acts a WHERE a.post_id = t.post_id AND a.act = 'found' AND a.at <= $2)"
)


@dataclass(frozen=True, slots=True)
class Then:
    """Posts ``on`` a day, or as the last act left them, as ``known_at`` an instant."""

    keys: KeySet
    known_at: datetime
    on: date | None = None

    def act(self) -> dict[str, str]:
        """What is recorded of the two times."""
        times = {"known_at": self.known_at.isoformat()}
        return times | ({"on": self.on.isoformat()} if self.on else {})


@dataclass(frozen=True, slots=True)
class Question:
    """What a list asks for: as ``queries.page`` has it."""

    area: tuple[int, int] = _EVERYWHERE
    kind: str | None = None
    vacant: bool | None = None
    trained: bool | None = None

    def asks_for(self, post: Mapping[str, Any]) -> bool:
        low, high = self.area
        filled = post["staff"] is not None
        return (
            # By the code that its place had, or by the one that it has today.
            any(low <= place <= high for place in (post["division"], post["position"][0]))
            and self.kind in (None, post["kind"])
            and self.vacant in (None, not filled)
            and (
                self.trained is None
                or (filled and (post["trained_on"] is not None) is self.trained)
            )
        )


async def page(
    session: AsyncSession,
    caller: Caller,
    then: Then,
    question: Question,
    after: Position,
    limit: int,
) -> list[dict[str, Any]]:
    """The next posts after a position, in the order in which they stand today; ``position`` tells where each does."""
    found: list[dict[str, Any]] = []
    async for posts in _posts(session, caller, then, question.area, after):
        found += [post for post in posts if question.asks_for(post)]
        if len(found) >= limit:
            break
    return found[:limit]


async def one(
    session: AsyncSession, caller: Caller, then: Then, post: UUID
) -> dict[str, Any] | None:
    """One post with the ``trainings`` of its holder; None where there was none."""
    if await queries.one(session, caller, post) is None:
        return None
    found = await _then(session, then, {post: (0, post)})
    return found[0] if found else None


async def coverage(
    session: AsyncSession, caller: Caller, then: Then, area: tuple[int, int], unit: int, since: date
) -> list[dict[str, Any]]:
    """As ``queries.coverage`` has it."""
    places: dict[tuple[int, str], dict[str, Any]] = {}
    question = Question(area)
    async for posts in _posts(session, caller, then, area, START):
        for post in filter(question.asks_for, posts):
            place = post["division"] // unit * unit
            empty = {"place": place, "kind": post["kind"], "posts": 0, "vacant": 0, "trained": 0}
            one = places.setdefault((place, post["kind"]), empty)
            one["posts"] += 1
            one["vacant"] += post["staff"] is None
            one["trained"] += any(learnt["held_on"] >= since for learnt in post["trainings"])
    return [places[key] for key in sorted(places)]


async def filled(
    session: AsyncSession, then: Then, places: Collection[int]
) -> dict[tuple[str, int], UUID]:
    """As ``queries.filled`` has it: the posts of these divisions that were held."""
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT DISTINCT post_id FROM post_acts WHERE division = ANY($1) AND at <= $2",
        list(places),
        then.known_at,
    )
    found = await _then(session, then, {row["post_id"]: (0, row["post_id"]) for row in rows})
    found.sort(key=lambda post: -post["seat"])
    return {
        (post["kind"], post["division"]): post["id"]
        for post in found
        if post["staff"] is not None and post["division"] in places
    }


async def _posts(
    session: AsyncSession, caller: Caller, then: Then, area: tuple[int, int], after: Position
) -> AsyncIterator[list[dict[str, Any]]]:
    """Every post of the caller's area that ever stood in ``area``, some at a time."""
    connection = await raw(session)
    while True:
        rows = await connection.fetch(_POSTS, caller.grant.low, caller.grant.high, *area, *after)
        yield await _then(session, then, {row["id"]: (row["division"], row["id"]) for row in rows})
        if len(rows) < PAGE:
            return
        after = rows[-1]["division"], rows[-1]["id"]


async def _then(
    session: AsyncSession, then: Then, posts: Mapping[UUID, Position]
) -> list[dict[str, Any]]:
    """These posts as they stood, in this order; without those that there were not."""
    connection = await raw(session)
    stood: dict[UUID, dict[str, Any]] = {}
    rows = await connection.fetch(_ACTS, list(posts), then.known_at)
    for post, acts in groupby(rows, key=lambda row: row["post_id"]):
        if (state := _stood(then, list(acts))) is not None:
            stood[post] = state
    learnt = await _learnt(session, then, [one["staff"] for one in stood.values() if one["staff"]])
    found = []
    for post, position in posts.items():
        if post in stood:
            trainings = learnt.get(stood[post]["staff"], [])
            trained_on = trainings[0]["held_on"] if trainings else None
            more = {"trainings": trainings, "trained_on": trained_on, "position": position}
            found.append({**stood[post], **more})
    return found


def _stood(then: Then, acts: Sequence[Any]) -> dict[str, Any] | None:
    """A post by its acts, in order; ``version`` counts all that were known."""
    if not all(POST_ACTS.authentic(then.keys, act) for act in acts):
        return None
    changes = [
        act
        for act in acts
        if act["act"] != PostChange.TRAINED and (then.on is None or act["day"] <= then.on)
    ]
    if not changes:
        return None
    last = changes[-1]
    state = {name: last[name] for name in ("kind", "division", "seat", "staff", "since")}
    return {"id": last["post_id"], "version": acts[-1]["number"], **state}


async def _learnt(
    session: AsyncSession, then: Then, staff: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """The trainings of these members of staff, the newest first."""
    connection = await raw(session)
    asked = list(set(staff)), then.known_at, then.on
    rows = [
        {**row, "held_on": row["day"]}
        for row in await connection.fetch(_TRAINED, *asked)
        if POST_ACTS.authentic(then.keys, row)
    ]
    rows += [dict(row) for row in await connection.fetch(_TRAINED_BEFORE, *asked)]
    rows.sort(key=lambda row: (-row["held_on"].toordinal(), row["id"]))
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        shown = {name: row[name] for name in ("held_on", "topic", "hours")}
        found.setdefault(row["staff"], []).append(shown)
    return found
