"""A foreign division: what a stranger is told of what exists is what it is told of what never did.

Cast: a *stranger* has the department, scopes and purposes that an operation wants, and a place which the story does not
concern; a *local* is of the place it happened in.  Every id in the databases is tried in every place of every operation
that takes one, so a new operation, or a new kind of id, is tried without being named here.
"""

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from services.registry.records.feeds import FEEDS
from shared.vocabulary import SERVICE_SCOPES, Department
from tests.guards import story
from tests.guards.asking import SERVICES, ask, operations, problem
from tests.guards.operations import Operation, Place, is_uuid, leaves, replaced
from tests.guards.story import BORN, ELSEWHERE, HOME, HUKOU, NAME, NUMBER, WHY, World, child_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEPARTMENTS = (Department.CIVIL_AFFAIRS, Department.EDUCATION)
#: Departments and places of which somebody may do each thing that is done in the story.
LOCALS = (
    (Department.CIVIL_AFFAIRS, HOME),
    (Department.CIVIL_AFFAIRS, HUKOU),
    (Department.EDUCATION, HOME),
    (Department.HEALTH, HOME),
    (Department.POLICE, HOME),
    (Department.POLICE, HUKOU),
)
#: Bodies beside the documented example that name something by what a stranger may know or guess.
MORE_BODIES: Mapping[str, Sequence[Any]] = {
    "enquire": [{"kind": "qualification_enquiry", "child": str(uuid4())}],
}
#: Headers that differ from request to request.
RESTLESS = {"hutong-request", "date"}


@dataclass(frozen=True)
class Told:
    """The story's hub, every id in it, and how its lists looked to strangers before."""

    world: World
    ids: Sequence[str]
    before: Mapping[tuple[str, Department], "Seen"] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """All that a reply tells, with what was sent in it blotted out."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def of(cls, reply: httpx.Response, *sent: str) -> "Seen":
        headers = sorted((k, v) for k, v in reply.headers.items() if k not in RESTLESS)
        body = reply.content
        for value in sent:
            body = body.replace(value.encode(), b"?")
        return cls(reply.status_code, tuple(headers), body)


def theirs(world: World) -> list[Operation]:
    """What people's clients may call; the hub's own services know no places."""
    return [one for one in operations(world) if one.scopes and not set(one.scopes) & SERVICE_SCOPES]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(world: World) -> Told:
    before = {
        (one.id, department): await glance(world, one, department)
        for one in theirs(world)
        if is_list(one)
        for department in DEPARTMENTS
    }
    await story.tell(world)
    return Told(world, await every_id(world), before)


def is_list(operation: Operation) -> bool:
    return operation.method == "get" and not operation.slots


async def glance(world: World, operation: Operation, department: Department) -> Seen:
    """A list as a stranger sees it.  Cursors are sealed anew each time: only their length is compared."""
    reply = await stranger(world, operation, department)
    position = reply.json().get("next") if "json" in reply.headers.get("content-type", "") else None
    return Seen.of(reply, *([position] if position else []))


async def stranger(
    world: World, operation: Operation, department: Department, **more: Any
) -> httpx.Response:
    token = await world.token(department, ELSEWHERE)
    return await ask(world, operation, token, why=WHY[department], **more)


async def every_id(world: World) -> list[str]:
    """A value of each uuid column of each table: ids of every kind in the story."""
    found: set[str] = set()
    for service in SERVICES:
        columns = await world.rows(
            "SELECT c.table_schema, c.table_name, c.column_name FROM information_schema.columns c"
            " JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE t.table_type = 'BASE TABLE' AND c.table_schema IN ('public', 'vault')"
            " AND c.udt_name = 'uuid' AND c.table_name <> 'leases'",
            service=service,
        )
        for schema, table, column in columns:
            rows = await world.rows(
                f'SELECT DISTINCT "{column}" FROM "{schema}"."{table}"'
                f' WHERE "{column}" IS NOT NULL ORDER BY 1 LIMIT 1',
                service=service,
            )
            found |= {str(row[0]) for row in rows}
    return sorted(found)


async def test_no_list_has_changed_by_what_happened_elsewhere(hub: Told) -> None:
    changed = []
    for one in theirs(hub.world):
        if is_list(one):
            for department in DEPARTMENTS:
                after = await glance(hub.world, one, department)
                if after != hub.before[one.id, department]:
                    changed.append((str(one), department, after))
    assert not changed


async def test_no_path_tells_an_id_that_exists_from_one_that_never_did(hub: Told) -> None:
    told = []
    for one in theirs(hub.world):
        for slot in one.id_slots:
            for headers in _headers_of(one):
                never = await _by_path(hub.world, one, slot, str(uuid4()), headers)
                assert never.status in (404, 428), (str(one), never)
                for real in hub.ids:
                    seen = await _by_path(hub.world, one, slot, real, headers)
                    if seen != never:
                        told.append((str(one), headers, seen, never))
    assert not told


def _headers_of(operation: Operation) -> list[dict[str, str]]:
    """With and without the precondition: neither may come before the question of sight."""
    if ("header", "If-Match") in operation.parameters:
        return [{}, {"If-Match": '"1"'}]
    return [{}]


async def _by_path(
    world: World, operation: Operation, slot: str, value: str, headers: dict[str, str]
) -> Seen:
    department = department_for(operation)
    reply = await stranger(world, operation, department, path={slot: value}, headers=headers)
    return Seen.of(reply, value)


def department_for(operation: Operation) -> Department:
    """Who may call it at all: the department that a feed belongs to, else civil affairs, who may most."""
    name = operation.path.removeprefix("/v1/").removeprefix("imports/").split("/")[0]
    return FEEDS[name].departments[0] if name in FEEDS else Department.CIVIL_AFFAIRS


async def test_no_body_tells_an_id_that_exists_from_one_that_never_did(hub: Told) -> None:
    told = []
    tried = set()
    for one in theirs(hub.world):
        for body in (one.body, *MORE_BODIES.get(one.id, ())):
            for at in _named(body):
                tried.add(one.id)
                never = await _by_body(hub.world, one, replaced(body, at, str(uuid4())), at)
                for real in hub.ids:
                    seen = await _by_body(hub.world, one, replaced(body, at, real), at)
                    if seen != never:
                        told.append((str(one), at, seen, never))
    assert not told
    assert "open_key_care" in tried


def _named(body: Any) -> Iterator[Place]:
    return (at for at, value in leaves(body) if is_uuid(value))


async def _by_body(world: World, operation: Operation, body: Any, at: Place) -> Seen:
    reply = await stranger(world, operation, department_for(operation), body=body)
    return Seen.of(reply, str(_at(body, at)))


def _at(body: Any, at: Place) -> Any:
    for step in at:
        body = body[step]
    return body


async def test_a_reference_made_for_another_is_no_reference(hub: Told) -> None:
    world = hub.world
    child = await child_of(world, NAME)
    registry = world.hub.apps["registry"].state.references
    made = [
        registry.make(child, receiver)
        for receiver in (f"{Department.CIVIL_AFFAIRS}-{HOME}", f"peer:{story.PEER}")
    ]
    mine = registry.make(child, f"{Department.CIVIL_AFFAIRS}-{ELSEWHERE}")
    never = base64.b32encode(os.urandom(32)).decode().rstrip("=").lower()
    by_id = {one.id: one for one in theirs(world)}
    for name, body in (
        ("read_references", {"references": [never]}),
        ("enquire", {"reference": never}),
    ):
        (at, _), *_ = leaves(body)
        seen = {
            await _by_body(world, by_id[name], replaced(body, at, reference), at)
            for reference in (never, mine, *made)
        }
        assert len(seen) == 1, seen


async def test_a_search_by_what_one_knows_finds_as_little_as_by_what_nobody_bears(
    hub: Told,
) -> None:
    (search,) = [one for one in theirs(hub.world) if one.id == "search_children"]
    for department in DEPARTMENTS:
        seen = {
            Seen.of(await stranger(hub.world, search, department, body=body))
            for body in (
                {"id_number": NUMBER},
                {"id_number": "500107201705030015"},
                {"name": NAME, "birth_date": BORN},
                {"name": "示无名", "birth_date": BORN},
            )
        }
        assert len(seen) == 1, seen
        assert seen.pop().body == b'{"children":[]}'


async def test_nobody_takes_back_what_another_place_sent(hub: Told) -> None:
    (recall,) = [one for one in theirs(hub.world) if one.id == "recall_enrolments"]
    replies = [
        await stranger(hub.world, recall, Department.EDUCATION, body={"source_ids": [source_id]})
        for source_id in ("E-1", "E-9")
    ]
    assert Seen.of(replies[0], "E-1") == Seen.of(replies[1], "E-9")
    source = f"{Department.EDUCATION}-{HOME}"
    named = await stranger(
        hub.world, recall, Department.EDUCATION, body={"source_ids": ["E-1"], "source": source}
    )
    assert named.status_code == 422
    kept = await hub.world.rows("SELECT count(*) FROM records WHERE kind = 1")
    assert kept[0][0] == 0


async def test_nobody_pushes_for_another_place(hub: Told) -> None:
    education = await hub.world(Department.EDUCATION, ELSEWHERE)
    reply = await education.post("/v1/enrolments", json=[story.item("X-1", **story.ENROLLED)])
    (result,) = reply.json()["results"]
    assert (result["status"], result["errors"][0]["pointer"]) == ("refused", "/division")


async def test_the_ids_that_strangers_tried_do_open_something_for_locals(hub: Told) -> None:
    """Else the tests above would show nothing.  Last, since a local's acts do happen."""
    world = hub.world
    lucky: list[tuple[tuple[Department, str], str]] = []
    for one in sorted(theirs(world), key=lambda operation: operation.method == "delete"):
        if one.id_slots:
            found = await _opened(world, one, [*lucky, *product(LOCALS, hub.ids)])
            assert found is not None, str(one)
            lucky.insert(0, found)


async def _opened(
    world: World, operation: Operation, tries: Sequence[tuple[tuple[Department, str], str]]
) -> tuple[tuple[Department, str], str] | None:
    """The local and the id that opened it."""
    (slot, *_) = operation.id_slots
    for (department, area), real in tries:
        token = await world.token(department, area)
        reply = await ask(world, operation, token, path={slot: real}, why=WHY[department])
        if reply.status_code != 404 and problem(reply) != "forbidden":
            return (department, area), real
    return None
