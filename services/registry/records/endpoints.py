"""Pushing records: one bulk operation and one recall a feed, and a source's look at its own records."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Request, Response

from services.registry.access.sight import as_system
from services.registry.children.kit import Kit
from services.registry.identity.contractors import may_push
from services.registry.records import lateness
from services.registry.records.feeds import FEEDS, Feed
from services.registry.records.models import RECALL
from services.registry.records.parsing import parse
from services.registry.records.recalling import recall
from services.registry.records.schemas import (
    BulkOut,
    FeedsOut,
    ItemResult,
    RecallIn,
    RecordKind,
    RecordOut,
    written,
)
from services.registry.records.storing import Keys, store
from services.registry.records.vault import SELECT, open_row
from services.registry.records.withholding import withheld
from shared import audit
from shared.application import USUAL, RawBody, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import today
from shared.database import raw
from shared.limits import MAX_BULK_ITEMS
from shared.problems import NotFound
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["records"], responses=USUAL)

Pusher = Annotated[Caller, allowed(Scope.RECORDS_WRITE, purpose=False)]


def _add_push(feed: Feed) -> None:
    name = feed.model.__name__
    slug, spoken = feed.name.replace("-", "_"), feed.name.replace("-", " ")

    async def push(
        request: Request, caller: Pusher, body: RawBody, session: Transaction
    ) -> Response:
        may_push(caller, feed)
        kit: Kit = request.app.state.kit
        items, refused = parse(feed, body)
        keys = Keys(kit.sealer, kit.entries, kit.audit, kit.profiles)
        results = await store(session, keys, caller, feed, items, request.app.state.clock.now())
        await _record_push(request, session, caller, feed, len(results))
        ordered = sorted([*results, *refused], key=lambda r: r.index)
        # Written as it is: validating a thousand results that we made ourselves cost as much as reading the items.
        answer = orjson.dumps({"results": [written(r) for r in ordered]})
        return Response(answer, status_code=207, media_type="application/json")

    push.__doc__ = (
        f"Push {feed.title_en} ({feed.title_zh}): a JSON array of 1–{MAX_BULK_ITEMS} items, answered item by item "
        f"in order.\n\nSending the same (source_id, version) again is harmless; dirt is stored and named in "
        f"`findings`.\n\nLegal basis: {feed.legal_basis}."
    )
    router.add_api_route(
        f"/{feed.name}",
        push,
        methods=["POST"],
        name=f"push_{slug}",
        summary=f"Push {spoken}",
        status_code=207,
        response_model=BulkOut,
        response_model_exclude_none=True,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MAX_BULK_ITEMS,
                            "items": {"$ref": f"#/components/schemas/{name}"},
                        }
                    }
                },
            }
        },
    )

    async def take_back(
        request: Request, body: RecallIn, caller: Pusher, session: Transaction
    ) -> BulkOut:
        may_push(caller, feed)
        kit: Kit = request.app.state.kit
        keys = Keys(kit.sealer, kit.entries, kit.audit, kit.profiles)
        now = request.app.state.clock.now()
        results = await recall(session, keys, caller, feed, body.source_ids, body.source, now)
        await _record_push(request, session, caller, feed, len(results), operation="recall")
        return BulkOut(results=[ItemResult.of(r) for r in results])

    take_back.__doc__ = (
        f"Take back entries of {feed.title_en} ({feed.title_zh}); nothing derived from them stays."
    )
    router.add_api_route(
        f"/{feed.name}/recalls",
        take_back,
        methods=["POST"],
        name=f"recall_{slug}",
        summary=f"Recall {spoken}",
        status_code=207,
        response_model=BulkOut,
        response_model_exclude_none=True,
    )


async def _record_push(
    request: Request,
    session: Transaction,
    caller: Caller,
    feed: Feed,
    count: int,
    operation: str = "push",
) -> None:
    kit: Kit = request.app.state.kit
    entry = audit.Act.of(caller, f"records.{operation}", [], feed=feed.name, items=count)
    await audit.record(session, kit.audit, request.app.state.clock.now(), entry)


for _feed in FEEDS.values():
    if not _feed.internal:
        _add_push(_feed)


@router.get(
    "/feeds", summary="List feeds and when they were last heard", response_model_exclude_none=True
)
async def list_feeds(
    request: Request,
    caller: Annotated[Caller, allowed(Scope.RECORDS_READ, purpose=False)],
    session: Transaction,
) -> FeedsOut:
    """The feeds, their owners and legal bases, and how late each source in your area is."""
    return await lateness.of(session, caller, today(request.app.state.clock))


@router.get(
    "/records/{record_id}", summary="Read a record of your own", response_model_exclude_none=True
)
async def show_record(
    request: Request,
    record_id: UUID,
    caller: Annotated[Caller, allowed(Scope.RECORDS_READ)],
    session: Transaction,
) -> RecordOut:
    """One of your own department's records, as you sent it; of a shielded child (地址保密) without what tells where it is."""
    kit: Kit = request.app.state.kit
    connection = await raw(session)
    row = await connection.fetchrow(
        SELECT + " WHERE r.id = $1 AND r.department = $2 AND r.division BETWEEN $3 AND $4",
        record_id,
        str(caller.department),
        caller.grant.low,
        caller.grant.high,
    )
    opened = open_row(kit.sealer, row) if row else None
    if opened is None:
        raise NotFound()
    plain = opened.plain
    entry = audit.Act.of(caller, "records.read", [], record=str(record_id))
    await audit.record(session, kit.audit, request.app.state.clock.now(), entry)
    item: dict[str, Any] | None = None
    if opened.item is not None:
        hidden = await _shielded(session, caller, plain.entry_id)
        told = withheld(opened.item) if hidden else opened.item.model_dump(exclude_none=True)
        item = orjson.loads(orjson.dumps(told))
    return RecordOut(
        id=plain.id,
        entry=plain.entry_id,
        version=plain.version,
        kind=RecordKind.RECALL if plain.kind == RECALL else RecordKind.FACT,
        feed=plain.feed,
        source=plain.source,
        observed_on=plain.observed_on,
        received_at=plain.received_at,
        findings=list(plain.findings),
        item=item,
    )


async def _shielded(session: Transaction, caller: Caller, entry: UUID) -> bool:
    """Whether the child that an entry speaks of is shielded, even where its department may not see the child."""
    async with as_system(session, caller):
        found: bool = await (await raw(session)).fetchval(
            "SELECT EXISTS (SELECT 1 FROM links l JOIN children c ON c.id = l.person"
            " WHERE l.entry_id = $1 AND c.shielded)",
            entry,
        )
    return found
