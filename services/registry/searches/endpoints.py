"""Searching children by partial evidence (模糊查找), on any replica."""

import asyncio
import time
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response

from services.registry import answers
from services.registry.access.matrix import FULL
from services.registry.access.sight import groups_for
from services.registry.children import queries as children
from services.registry.children.kit import Kit
from services.registry.key_care import showing as key_care
from services.registry.links.steps import waterfall
from services.registry.searches import searching
from services.registry.searches.schemas import EvidenceIn, FoundsOut
from shared import audit
from shared.application import USUAL, Router
from shared.auth import Bucket, Caller, allowed
from shared.database import Database
from shared.limits import MAX_FOUND_CHILDREN, SEARCHES_BURST, SEARCHES_PER_SECOND
from shared.problems import TooMany
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["who is whom"], responses=USUAL)

#: Every answer leaves after a whole number of these, in seconds, so that its time does not tell how many children out of
#: reach were looked at.
BEAT = 0.025


@router.post(
    "/children/searches",
    summary="Find children by partial evidence",
    response_model=FoundsOut,
    response_model_exclude_none=True,
)
async def find_children(
    request: Request,
    body: EvidenceIn,
    caller: Annotated[Caller, allowed(Scope.CHILDREN_READ)],
) -> Response:
    """Children of your area whom this may describe, although names are misheard, numbers mistyped, phones changed.

    At most 20, the likeliest first, masked as everywhere.  A criterion whose field is not open to you for your purpose
    is refused (422), and so is what nobody can be looked up by: an empty answer means that nobody was found.  Each
    child shown is audited, with the names of the criteria; a client has two searches a second (429).
    """
    started = time.monotonic()
    groups = groups_for(caller)
    paces: dict[str, Bucket] = request.app.state.search_paces
    pace = paces.setdefault(caller.client, Bucket(SEARCHES_PER_SECOND, SEARCHES_BURST))
    if not pace.take(started):
        raise TooMany(headers={"Retry-After": "1"})
    wanted = searching.sought(body, groups)
    # Beside a value that the caller made up, even a level would tell a masked one.
    plain = {group: level for group, level in groups.items() if level == FULL}
    found, placeless = await searching.likeliest(request.app.state.matching, wanted)
    persons = {UUID(item["person"]) for item in (*found, *placeless)}
    kit: Kit = request.app.state.kit
    database: Database = request.app.state.database
    async with database.transaction(caller.reach) as session:
        rows = await children.visible(session, caller, sorted(persons))
        visible = {row["id"]: row for row in rows}
        chosen = searching.choose(found, placeless, visible, MAX_FOUND_CHILDREN)
        seen: dict[str, Any] = {
            "found": [
                {
                    "child": key_care.child_of(kit, row, groups),
                    "likely": item["certain"],
                    "evidence": waterfall(
                        item["comparisons"], item["weight"], plain, row["shielded"]
                    ),
                }
                for row, item in chosen
            ]
        }
        read = audit.Act.of(
            caller,
            "children.find",
            [row["id"] for row, _ in chosen],
            fields=sorted(groups),
            criteria=sorted(wanted.features),
        )
        await audit.record(session, kit.audit, request.app.state.clock.now(), read)
    await asyncio.sleep(rest(time.monotonic() - started))
    return Response(answers.dump(seen), media_type="application/json")


def rest(worked: float) -> float:
    """Seconds until the next beat, after ``worked`` seconds."""
    return BEAT - worked % BEAT
