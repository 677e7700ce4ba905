"""Every role, every compartment, every operation: who may do what is one table here, and all the rest is refused.

A role is a department and a purpose; two sharing lists are tried: the texts' own, which leave most open, and one on which a
place has put everybody whom the matrix lets it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from services.registry.access.matrix import compartments_of
from shared import auth, divisions
from shared.database import Reach
from shared.vocabulary import SERVICE_SCOPES, Department, Purpose, Scope
from tests.guards.test_row_security import enter
from tests.registry.compartments import KEPT, amend, ask_to_open, keeper, living, opened
from tests.registry.conftest import Registry

OPERATIONS = ("open", "list", "read", "ask", "act", "uses")
ONE_BY_ONE = {"hiv", "severe_mental_disorder"}
#: By compartment and department: the purpose for which it can be on a list at all (the ceiling of the matrix).
CEILING: dict[str, dict[str, str]] = {
    "psychological_risk": {
        "civil_affairs": "key_care",
        "education": "service",
        "health": "service",
        "political_legal": "service",
    },
    "misconduct": {
        "political_legal": "service",
        "police": "service",
        "education": "service",
        "civil_affairs": "key_care",
    },
    "school_warning": {"education": "service", "civil_affairs": "key_care", "health": "service"},
    "growth_file": {"education": "service"},
    "psychological_archive": {"education": "service"},
    "hiv": {"civil_affairs": "key_care", "health": "service", "disease_control": "service"},
    "severe_mental_disorder": {"health": "service", "civil_affairs": "key_care"},
    "protectees": {
        "civil_affairs": "key_care",
        "political_legal": "service",
        "police": "service",
        "education": "service",
    },
}
#: Whom the texts themselves name; nobody else.
NAMED: dict[str, dict[str, str]] = {
    "psychological_risk": {"civil_affairs": "keep"},
    "misconduct": {"political_legal": "keep"},
    "school_warning": {"education": "keep"},
    "growth_file": {"education": "keep"},
    "psychological_archive": {"education": "keep"},
    "hiv": {"civil_affairs": "keep"},
    "severe_mental_disorder": {"health": "keep", "civil_affairs": "keep"},
    "protectees": {"civil_affairs": "keep"},
}
#: And whom administrators add below.
ADDED: dict[str, dict[str, str]] = {
    "psychological_risk": {"health": "content", "education": "level", "political_legal": "level"},
    "misconduct": {"police": "content", "education": "content", "civil_affairs": "content"},
    "school_warning": {"civil_affairs": "level", "health": "level"},
    "hiv": {"health": "content", "disease_control": "content"},
}
_SETTLED = {
    "baotou": """
[[rules.risk_scale]]
scale = "psychological"
clause = "一"
wording = "示例"
population = "key_care"
assessor = "civil_affairs"
readers = ["health", "police", "disabled_federation"]
level_readers = ["education", "political_legal", "medical_insurance"]
levels = [{ name = "green" }, { name = "yellow" }, { name = "orange" }, { name = "red" }]

[[rules.misconduct_ledger]]
clause = "一"
wording = "示例"
lead = "political_legal"
members = ["police", "education", "civil_affairs", "health", "court"]

[[rules.school_file]]
kind = "three_level_warning"
clause = "一"
wording = "示例"
pupils = "key_pupils"
levels = 3
level_readers = ["civil_affairs", "health", "police"]
""",
    "tianmen": """
[[rules.sensitive_marker]]
marker = "hiv"
clause = "一"
wording = "示例"
keepers = ["civil_affairs"]
readers = ["health", "disease_control", "education"]
""",
}
#: What each right answers to each operation, in their order.
ANSWERS: dict[str, tuple[int, ...]] = {
    "none": (403, 200, 404, 200, 404, 404),
    "level": (403, 200, 200, 200, 403, 403),
    "content": (403, 200, 200, 200, 403, 403),
    "keep": (409, 200, 200, 200, 200, 200),
    "barred": (403,) * 6,
}


class Kept:
    """One entry of a compartment, and how anybody may try to use it."""

    def __init__(self, compartment: str, child: UUID, path: str) -> None:
        self.compartment, self.child, self.path = compartment, child, path

    async def ask(self, who: httpx.AsyncClient, operation: str) -> httpx.Response:
        auth._buckets.clear()
        root = f"/v1/compartments/{self.compartment}"
        if operation == "open":
            return await ask_to_open(who, self.compartment, self.child)
        if operation == "list":
            return await who.get(f"{root}/entries")
        if operation == "read":
            return await who.get(self.path)
        if operation == "ask":
            return await who.get(f"{root}/children/{self.child}")
        if operation == "uses":
            return await who.get(f"{self.path}/uses")
        etag = (await who.get(self.path)).headers.get("ETag", '"none"')
        body = {"act": "follow_up", "reason": "followed_up"}
        return await who.post(f"{self.path}/acts", json=body, headers={"If-Match": etag})


async def kept(registry: Registry, compartment: str) -> Kept:
    child = await living(registry, KEPT[compartment][0])
    return Kept(compartment, child, await opened(registry, compartment, child))


def found(operation: str, reply: httpx.Response) -> int:
    """How many entries a reply shows."""
    if operation in ("list", "ask"):
        return len(reply.json()["entries"])
    return int(operation == "read")


def check(one: Kept, department: str, operation: str, right: str, reply: httpx.Response) -> None:
    expected = ANSWERS[right][OPERATIONS.index(operation)]
    if operation == "list" and one.compartment in ONE_BY_ONE:
        expected = 403
    who = (one.compartment, department, operation, right, reply.text)
    assert reply.status_code == expected, who
    if expected == 200 and operation in ("list", "read", "ask"):
        assert found(operation, reply) == (0 if right == "none" else 1), who
        words = {"reason", "state", "acts", "note", "opened_at", "clause"}
        shown = {word for word in words if f'"{word}":' in reply.text}
        assert bool(shown) == (right in ("content", "keep")), who


def roles() -> Iterator[tuple[Department, Purpose]]:
    for department in Department:
        for purpose in Purpose:
            yield department, purpose


async def role(registry: Registry, department: str, purpose: str, place: str) -> httpx.AsyncClient:
    """Someone with every scope there is for people, who now asks for this purpose."""
    who = await registry(f"{department}:{place}", scopes=frozenset(Scope) - SERVICE_SCOPES)
    who.headers["Hutong-Purpose"] = purpose
    return who


@pytest.mark.parametrize("compartment", KEPT)
async def test_r57_every_role_and_operation_under_the_texts_own_lists(
    registry: Registry, compartment: str
) -> None:
    one = await kept(registry, compartment)
    for department, purpose in roles():
        who = await role(registry, department, purpose, KEPT[compartment][0])
        entitled = CEILING[compartment].get(department) == purpose
        right = NAMED[compartment].get(department, "none") if entitled else "barred"
        for operation in OPERATIONS:
            check(one, department, operation, right, await one.ask(who, operation))


@pytest.mark.parametrize("compartment", KEPT)
async def test_r57_every_role_and_operation_where_a_place_shares_with_all_it_may(
    registry: Registry, compartment: str, tmp_path: Path
) -> None:
    one = await kept(registry, compartment)
    for place, rules in _SETTLED.items():
        amend(registry, tmp_path, place, rules)
    rights = NAMED[compartment] | ADDED.get(compartment, {})
    for department in Department:
        purpose = CEILING[compartment].get(department, "service")
        who = await role(registry, department, purpose, KEPT[compartment][0])
        entitled = department in CEILING[compartment]
        right = rights.get(department, "none") if entitled else "barred"
        for operation in OPERATIONS:
            check(one, department, operation, right, await one.ask(who, operation))


@pytest.mark.parametrize("compartment", KEPT)
async def test_r57_a_keeper_of_another_place_or_without_the_scope_finds_nothing(
    registry: Registry, compartment: str
) -> None:
    one = await kept(registry, compartment)
    place, department, purpose, _ = KEPT[compartment]
    never = Kept(compartment, uuid4(), f"/v1/compartments/{compartment}/entries/{uuid4()}")
    for area in ("500107", "150204", f"{place}001"):
        who = await role(registry, department, purpose, area)
        for operation in OPERATIONS:
            reply, blind = [await each.ask(who, operation) for each in (one, never)]
            same_child_is_seen = area == f"{place}001"
            if not (same_child_is_seen and operation in ("open", "ask")):
                assert (reply.status_code, reply.content) == (blind.status_code, blind.content)
            assert str(one.child) not in reply.text
            assert reply.status_code in (200, 403, 404)
            if reply.status_code == 200:
                assert found(operation, reply) == 0
    scope = {f"compartment:{compartment.replace('_', '-')}"}
    scopes = frozenset(s for s in Scope if s not in SERVICE_SCOPES and s not in scope)
    without = await registry(f"{department}:{place}", purpose=purpose, scopes=scopes)
    for operation in OPERATIONS:
        assert (await one.ask(without, operation)).status_code == 403


async def rows_seen(connection: "asyncpg.Connection[Any]", reach: Reach) -> tuple[int, int]:
    """How many entries and acts a query without any filter shows."""
    async with connection.transaction():
        await enter(connection, reach)
        entries = await connection.fetch("SELECT * FROM compartment_entries")
        acts = await connection.fetch("SELECT * FROM compartment_acts")
        return len(entries), len(acts)


async def test_r57_the_database_shows_a_lost_filter_nothing(registry: Registry) -> None:
    """To the runtime role itself, whatever reach a grant can give."""
    for compartment in KEPT:
        one = await kept(registry, compartment)
        who = await keeper(registry, compartment)
        assert (await one.ask(who, "act")).status_code == 200
    country = (0, 999_999_999_999)
    connection = await asyncpg.connect(registry.settings.database_url("registry"))
    try:
        for department in Department:
            ceiling = compartments_of(department)
            nowhere = Reach(*country, department, "x", ("*",), (), ceiling)
            assert await rows_seen(connection, nowhere) == (0, 0)
            for compartment, (place, *_) in KEPT.items():
                low, high = divisions.area_of(divisions.widen(place))
                entered: dict[str, Any] = {"compartments": ceiling, "compartment": compartment}
                there = Reach(low, high, department, "x", **entered)
                away = Reach(500107000000, 500107999999, department, "x", **entered)
                allowed = int(compartment in ceiling)
                assert await rows_seen(connection, there) == (allowed, allowed)
                assert await rows_seen(connection, away) == (0, 0)
    finally:
        await connection.close()
