"""The feed of changes (变更订阅): for a platform that keeps a copy in step, such as a province's."""

from typing import Annotated

from fastapi import Query, Request

from services.registry.access.sight import groups_for
from services.registry.changes import queries
from services.registry.changes.schemas import ChangeOut, ChangesOut
from services.registry.children.endpoints import receiver_of
from services.registry.children.kit import Kit
from services.registry.key_care.showing import sees_care
from shared import audit
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import SHANGHAI
from shared.cursors import Cursors
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.references import References
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["changes"], responses=USUAL)

FROM_THE_BEGINNING = "start"


@router.get("/child-changes", summary="Follow the children of your area")
async def follow_changes(
    request: Request,
    caller: Annotated[Caller, allowed(Scope.CHANGES_READ)],
    session: Transaction,
    after: Annotated[
        str | None,
        Query(
            description="`next` of the last page.  Without it the feed goes on where you last confirmed;"
            " `start` begins anew.",
            max_length=500,
            pattern=r"^[A-Za-z0-9_-]+$",
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> ChangesOut:
    """Every child that entered your area, left it, or changed in it, in order; nothing is skipped.

    A child *enters* when you come to see it, and *leaves* when you see it no more: it moved, another department no
    longer says what yours does, or it was merged or erased.  Where nothing but key care changed, you are told with
    `key-care:read`, for a purpose for which you read key care, and in the categories open to you.
    """
    groups = groups_for(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    references: References = request.app.state.references
    now = request.app.state.clock.now()
    bound = f"child-changes|{caller.client}|{caller.grant.low}|{caller.grant.high}"
    if after is None:
        position = await queries.confirmed(session, kit.audit, caller)
    elif after == FROM_THE_BEGINNING:
        position = 0
    else:
        position = int(cursors.read(after, bound, now))
        await queries.confirm(session, kit.audit, caller, position)
    found, position = await queries.page(
        session, kit.audit, caller, position, limit, care=sees_care(caller, groups)
    )
    read = audit.Act.of(caller, "changes.read", [one.child for one in found], count=len(found))
    await audit.record(session, kit.audit, now, read)
    receiver = receiver_of(caller)
    return ChangesOut(
        changes=[
            ChangeOut(
                reference=references.make(one.child, receiver),
                change=one.kind,
                on=one.at.astimezone(SHANGHAI).date(),
            )
            for one in found
        ],
        # Always of one length: how much happens elsewhere cannot be told from it.
        next=cursors.make(f"{position:019}", bound, now),
    )
