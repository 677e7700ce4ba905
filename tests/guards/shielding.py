"""A hub whose every child is shielded, and all that anybody could see of where one lives.

Cast: each child of the story lives in a village, goes to a school, is treated somewhere and visited by somebody whose words for
places stand nowhere else.  What an answer, an export, a webhook or a log tells of them is a leak, whoever reads it.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import httpx

from services.registry.access.matrix import matrix
from services.registry.records.feeds import FEEDS
from shared.vocabulary import Department
from tests.guards import story
from tests.guards.operations import Operation
from tests.guards.story import DOUBTFUL_NUMBER, HOME, HUKOU, PEER_COUNTY, WHY, World
from tests.notifications.hubs import settle

#: Divisions below the county, none of which is written anywhere else.
TOWNSHIP, NEXT_TOWNSHIP, ORIGIN = "500103077", "500103078", "500233088"
#: At a peer's.
ABROAD = f"{PEER_COUNTY[:6]}088"
VILLAGE, NEXT_VILLAGE = f"{TOWNSHIP}009", f"{NEXT_TOWNSHIP}008"
STAFF = "cd-hidden-7"
#: Of which every hidden word is made, and no other in the hub.
HIDDEN = "隐匿"
#: What no answer may hold.
MARKS = (TOWNSHIP, NEXT_TOWNSHIP, ORIGIN, ABROAD, STAFF, HIDDEN)
#: Fields of feeds that say where a child is, beside its addresses.
WHERE = ("school_name", "school_code", "institution", "clinic", "staff")


def item(source_id: str, *given: Any, **more: Any) -> dict[str, Any]:
    """An item of the story, at home in the village; told by an office there, as that of a township does."""
    told = story_item(source_id, *given, **more)
    doubtful = told["child"]["id_number"] == DOUBTFUL_NUMBER
    origin = ABROAD if doubtful else ORIGIN
    told["hukou"] = {"division": f"{origin}001", "address": f"{HIDDEN}村"}
    told["residence"] = {**told["residence"], "division": VILLAGE, "address": f"{HIDDEN}路九号"}
    return {**told, **({"school_name": f"{HIDDEN}小学"} if "stage" in more else {})}


story_item = story.item


@dataclass
class Recorder(httpx.AsyncBaseTransport):
    """Passes requests on to an app, and keeps its answers."""

    app: httpx.AsyncBaseTransport
    heard: list[tuple[str, bytes]] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        reply = await self.app.handle_async_request(request)
        body = await reply.aread()
        name = f"{request.method} {request.url}"
        self.heard.append((name, opened(body) + repr(reply.headers.raw).encode()))
        return httpx.Response(reply.status_code, headers=reply.headers, content=body)


def opened(body: bytes) -> bytes:
    """What a body says; a workbook is a folder of files in one."""
    if not body.startswith(b"PK\x03\x04"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return b"\n".join(book.read(name) for name in book.namelist())


async def hidden(world: World, *, from_the_first: bool) -> list[tuple[str, bytes]]:
    """The story of shielded children, and every answer given since they are: as soon as they are known, or only at last."""
    heard: list[tuple[str, bytes]] = []
    with patch.object(story, "item", item):
        if from_the_first:
            await story.tell(world, lambda: shield(world, heard))
        else:
            await story.tell(world)
            await shield(world, heard)
    await go_on(world)
    return heard


async def shield(world: World, heard: list[tuple[str, bytes]]) -> None:
    """Every child that there is; from here on every answer is kept."""
    civil = await world(Department.CIVIL_AFFAIRS, HOME)
    children = await world.rows("SELECT id FROM children")
    assert len(children) >= 4
    for row in children:
        done = await civil.post(
            f"/v1/children/{row['id']}/shield",
            json={"reason": "domestic_violence"},
            headers={"Idempotency-Key": str(uuid4())},
        )
        assert done.status_code == 200, done.text
    await settle(world.hub)
    apps = world.hub.network.apps
    for service in ("registry", "notifications"):
        apps[world.hub.url(service)] = Recorder(apps[world.hub.url(service)], heard)  # type: ignore[assignment]


async def go_on(world: World) -> None:
    """The children's lives go on: every feed speaks of them again, and they move to another village."""
    since = {"division": NEXT_VILLAGE, "address": f"{HIDDEN}巷三号", "since": "2026-11-10"}
    for feed in FEEDS.values():
        if feed.internal:
            continue
        own = feed.model.model_config["json_schema_extra"]["examples"][0]  # type: ignore[index,call-overload]
        told = {k: v for k, v in own.items() if k not in feed.model.__base__.model_fields}  # type: ignore[union-attr]
        for name in WHERE:
            if name in feed.model.model_fields:
                told[name] = STAFF if name == "staff" else f"{HIDDEN}{name}"
        who = await world(feed.departments[0], HOME)
        said = item(f"H-{feed.name}", **told)
        said |= {"residence": since, "observed_on": "2026-11-19", "division": NEXT_VILLAGE}
        await story.push(who, feed.name, said)
    police = await world(Department.POLICE, HOME)
    for number, name, born, sex in (
        (story.NUMBER, story.NAME, story.BORN, "male"),
        (DOUBTFUL_NUMBER, "示海棠", story.DOUBTFUL_BORN, "female"),
    ):
        moved = item(f"M-{number}", number, name, event="moved_in", on="2026-11-12")
        moved["child"] |= {"birth_date": born, "sex": sex}
        await story.push(police, "household-registrations", {**moved, "residence": since})
    await settle(world.hub)
    assert all(row["shielded"] for row in await world.rows("SELECT shielded FROM children"))
    for notice in await world.rows(
        "SELECT id FROM notices WHERE state = 'awaiting_decision'", service="notifications"
    ):
        civil = await world(Department.CIVIL_AFFAIRS, HOME, "notifications")
        path = f"/v1/notices/{notice['id']}"
        tag = (await civil.get(path)).headers.get("ETag", "")
        await civil.post(f"{path}/release", json={}, headers={"If-Match": tag})
    world.hub.clock.pass_by(days=1)
    await world.hub.registry_worker.steps()["sweep"][0]()
    await settle(world.hub)
    await story._break_glass(world)  # it is read for an hour


def leaks(text: bytes, *sent: str) -> list[str]:
    """The marks that stand in it, what was asked for blotted out."""
    plain = text.decode(errors="replace")
    for one in sent:
        plain = plain.replace(one, "?")
    return [mark for mark in MARKS if mark in plain]


def traffic(world: World) -> Iterator[tuple[str, bytes]]:
    """What was sent to notifications, to other hubs and to subscribers."""
    inside = {world.hub.url("registry"), world.hub.url("matching")}
    return (
        (address, body)
        for address, body in world.hub.network.seen
        if not any(map(address.startswith, inside))
    )


def variants(one: Operation, now: datetime, ids: Sequence[UUID]) -> Iterator[dict[str, str]]:
    """Each thing that it can be asked besides, one at a time."""
    for (where, name), parameter in one.parameters.items():
        if where != "query" or parameter.get("required"):
            continue
        schemas = parameter["schema"].get("anyOf", [parameter["schema"]])
        for schema in schemas:
            if "$ref" in schema:
                schema = one.schemas[schema["$ref"].rsplit("/", 1)[1]]
            for value in _values(schema, now.date() - timedelta(days=1), now, ids):
                yield {name: value}


def _values(schema: Any, day: Any, now: Any, ids: Sequence[UUID]) -> Iterator[str]:
    if "enum" in schema:
        yield from map(str, schema["enum"][:12])
    elif schema.get("format") == "date":
        yield day.isoformat()
    elif schema.get("format") == "date-time":
        yield (now - timedelta(hours=1)).isoformat()
    elif schema.get("format") == "uuid":
        yield from map(str, ids[:1])
    elif schema.get("type") == "boolean":
        yield from ("true", "false")
    elif schema.get("type") == "integer":
        yield str(schema.get("minimum", 1))
    elif schema.get("type") == "string":
        yield from (HOME, VILLAGE, NEXT_TOWNSHIP)
    elif schema.get("type") == "array":
        yield from _values(schema["items"], day, now, ids)


def media(one: Operation) -> Iterator[str]:
    """Every form in which it answers."""
    for code, reply in one.spec["responses"].items():
        if code.startswith("2"):
            yield from reply.get("content", {})


def filled(one: Operation, child: UUID) -> Any:
    """Its example body, asking for what the story tells of a child."""
    words = {"id_number": story.NUMBER, "name": story.NAME, "birth_date": story.BORN}
    return _filled(one.body, lambda key, value: words.get(key, value), str(child))


def _filled(body: Any, told: Callable[[str, Any], Any], child: str, key: str = "") -> Any:
    if isinstance(body, dict):
        return {name: _filled(inner, told, child, name) for name, inner in body.items()}
    if isinstance(body, list):
        return [_filled(inner, told, child, key) for inner in body]
    if isinstance(body, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", body):
        return child
    return told(key, body)


async def ids_for(world: World, one: Operation) -> list[str]:
    """Ids that may be meant in its path: of columns called so, and of tables called as the path is."""
    (slot, *_) = one.id_slots
    named = [part.replace("-", "_")[:6] for part in one.path.split("/") if len(part) > 3]
    found: dict[str, None] = {}
    for service in ("registry", "notifications"):
        columns = await world.rows(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND udt_name = 'uuid'",
            service=service,
        )
        for table, column in columns:
            if column == slot or (column == "id" and any(map(table.startswith, named))):
                rows = await world.rows(
                    f'SELECT DISTINCT "{column}" FROM "{table}"'
                    f' WHERE "{column}" IS NOT NULL ORDER BY 1 LIMIT 5',
                    service=service,
                )
                found |= dict.fromkeys(str(row[0]) for row in rows)
    return list(found)


def everyone(*, acting: bool) -> Iterator[tuple[Department, str, str]]:
    """Department, place and purpose: each cell of the matrix at the home, the usual ones elsewhere; those who act, there alone."""
    for department, purposes in matrix()["cells"].items():
        usual = str(WHY[Department(department)])
        here = "3717" if department == Department.HUB else HOME
        for purpose in purposes:
            if purpose == usual or not acting:
                yield Department(department), here, purpose
        if not acting and department != Department.HUB:
            yield Department(department), HUKOU, usual
    if not acting:
        yield Department.CIVIL_AFFAIRS, HUKOU, "hukou_exchange"
        yield Department.CIVIL_AFFAIRS, "50", "key_care"
        yield Department.CIVIL_AFFAIRS, NEXT_TOWNSHIP, "key_care"
        yield Department.EDUCATION, "50", "service"
