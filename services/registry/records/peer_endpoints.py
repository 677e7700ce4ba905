"""What the hub's own notifications service brings: facts of a peer hub and answers of a hukou place.

Both become records like any department's, so they are linked, folded, recalled and rebuilt by the same way.
"""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from services.registry.children import queries
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.records.feeds import FEEDS, Item
from services.registry.records.parsing import parse
from services.registry.records.schemas import BulkOut, ItemResult
from services.registry.records.storing import Keys, store
from shared import audit
from shared.application import USUAL, RawBody, Router, Transaction
from shared.audit import Act
from shared.auth import Caller, Grant, allowed
from shared.database import SYSTEM, enter
from shared.limits import MAX_BULK_ITEMS
from shared.problems import Invalid, Malformed, NotFound, flaws_of
from shared.vocabulary import Department, Scope

router = Router(prefix="/v1", tags=["peer hubs"], responses=USUAL)

Exchange = Annotated[Caller, allowed(Scope.PEER_FACTS_WRITE, purpose=False)]


def _as_hub(caller: Caller) -> Caller:
    """The service speaks for the other hub, whose facts may concern any place."""
    grant = Grant(
        client=caller.client,
        department=Department.HUB,
        low=0,
        high=999_999_999_999,
        scopes=caller.grant.scopes,
        purposes=frozenset(),
        sources=("peer-hubs",),
    )
    return Caller(grant, caller.actor, caller.purpose)


async def _keep(
    request: Request,
    session: Transaction,
    caller: Caller,
    feed: str,
    items: list[tuple[int, Item]],
    subjects: Sequence[UUID] = (),
) -> BulkOut:
    kit: Kit = request.app.state.kit
    await enter(session, SYSTEM)
    results = await store(
        session,
        Keys(kit.sealer, kit.entries, kit.audit, kit.profiles),
        _as_hub(caller),
        FEEDS[feed],
        items,
        request.app.state.clock.now(),
    )
    act = Act.of(caller, f"records.{feed}", subjects, items=len(results))
    await audit.record(session, kit.audit, request.app.state.clock.now(), act)
    return BulkOut(results=[ItemResult.of(r) for r in results])


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    """A body that is read raw, so that one wrong item costs itself alone."""
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/peer-facts",
    summary="Push facts of a peer hub",
    status_code=207,
    response_model_exclude_none=True,
    openapi_extra=_body(
        {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_BULK_ITEMS,
            "items": {"$ref": "#/components/schemas/PeerFacts"},
        }
    ),
)
async def push_peer_facts(
    request: Request, caller: Exchange, body: RawBody, session: Transaction
) -> BulkOut:
    """Facts of another hub about a child whose hukou or home is here; a JSON array as any feed's."""
    items, refused = parse(FEEDS["peer-facts"], body)
    kept = await _keep(request, session, caller, "peer-facts", items)
    every = [*kept.results, *(ItemResult.of(r) for r in refused)]
    return BulkOut(results=sorted(every, key=lambda r: r.index))


@router.post(
    "/hukou-answers",
    summary="Push the answer of a hukou place",
    status_code=207,
    response_model_exclude_none=True,
    openapi_extra=_body({"$ref": "#/components/schemas/HukouAnswerIn"}),
)
async def push_hukou_answer(
    request: Request, caller: Exchange, given: RawBody, session: Transaction
) -> BulkOut:
    """The hukou place's answer to a notice, about the child ``child_id``; its identity is filled in here."""
    kit: Kit = request.app.state.kit
    try:
        body = TypeAdapter(dict[str, Any]).validate_json(given)
        child_id = TypeAdapter(UUID).validate_python(body.pop("child_id", None))
    except (ValidationError, OverflowError) as error:
        raise Malformed("An answer is one object with child_id.") from error
    await enter(session, SYSTEM)
    rows = await queries.visible(session, _as_hub(caller), [child_id])
    if not rows:
        raise NotFound()
    state = open_state(kit.sealer, rows[0])
    fields = state["fields"]
    named = {
        "name": fields.get("name"),
        "id_number": fields.get("id_number"),
        "birth_date": fields.get("birth_on"),
        "sex": fields.get("sex"),
    }
    body["child"] = {k: v["value"] for k, v in named.items() if v}
    body["guardians"] = [
        {k: g[k] for k in ("name", "relation", "id_number", "phone") if g[k]}
        for g in state["guardians"][:8]
    ]
    try:
        item = FEEDS["hukou-answers"].model.model_validate_json(orjson.dumps(body))
    except ValidationError as error:
        raise Invalid(
            flaws=flaws_of(
                error.errors(include_url=False, include_input=False, include_context=False),
                at="/body",
            )
        ) from error
    return await _keep(request, session, caller, "hukou-answers", [(0, item)], [child_id])
