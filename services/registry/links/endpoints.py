"""Links of a child (关联说明): each entry's evidence, asked of matching and fronted by the registry."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry import answers
from services.registry.access.sight import groups_for
from services.registry.children import queries as children
from services.registry.children.kit import Kit
from services.registry.links import explaining
from services.registry.links.schemas import LinksOut
from shared import audit
from shared.application import USUAL, Router
from shared.auth import Caller, allowed
from shared.cursors import Cursors
from shared.database import SYSTEM, Database
from shared.problems import NotFound
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["who is whom"], responses=USUAL)


@router.get(
    "/children/{child_id}/links",
    summary="Explain a child's links",
    response_model=LinksOut,
    response_model_exclude_none=True,
)
async def explain_child_links(
    request: Request,
    child_id: UUID,
    caller: Annotated[Caller, allowed(Scope.CHILDREN_READ)],
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Why each entry is held to speak of this child: grade, weight and comparison levels, and the rule version.

    You see the entries of your own records; where provenance (来源追溯) is open to you, all of them.  Of fields that are not
    open to you no comparison is shown, and no weight from which one could be reckoned.  A page covers up to 200 of the
    child's entries, whoever sent them: go on with `next` as `cursor` until there is none.
    """
    groups = groups_for(caller)
    kit: Kit = request.app.state.kit
    database: Database = request.app.state.database
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    asked = f"links|{caller.client}|{caller.purpose}|{child_id}"
    after = UUID(cursors.read(cursor, asked, now)) if cursor else None
    async with database.transaction(caller.reach) as session:
        entries, more = await explaining.linked(session, caller, child_id, after)
    # The records behind provenance are other departments' rows, of which three columns are shown.
    reach = SYSTEM if "provenance" in groups else caller.reach
    async with database.transaction(reach) as session:
        records = await explaining.newest(session, entries)
    told = await explaining.ask(request.app.state.matching, sorted(records))
    async with database.transaction(caller.reach) as session:
        others = explaining.others_in(told, child_id)
        rows = await children.visible(session, caller, [child_id, *others])
        seen = {row["id"]: row for row in rows}
        child = seen.pop(child_id, None)
        if child is None:
            raise NotFound
        readable = await explaining.open_rulings(session, caller, told)
        links = [
            explaining.shown(records[entry], told[entry], child, groups, seen, readable)
            for entry in sorted(told)
            if told[entry]["link"]["person"] == str(child_id)
        ]
        read = audit.Act.of(
            caller, "links.read", [child_id], fields=sorted(groups), links=len(links)
        )
        await audit.record(session, kit.audit, now, read)
    body: dict[str, Any] = {"links": links}
    if more:
        body["next"] = cursors.make(str(entries[-1]), asked, now)
    return Response(answers.dump(body), media_type="application/json")
