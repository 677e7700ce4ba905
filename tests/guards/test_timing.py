"""A child out of reach is refused by the same work, in the same time, as one that does not exist.

Opening a sealed child takes some twenty microseconds of a request's several milliseconds, which no clock shows on a busy
machine.  So the work itself is compared: the functions of ours that run, one by one, and the statements that go to the
database.  The clock then shows that nothing large was missed (what PostgreSQL does by itself, waiting).
"""

import asyncio
import inspect
import math
import statistics
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Literal, get_args
from uuid import UUID, uuid4

import pytest

from services.registry.children import queries
from shared import auth
from shared.database import SYSTEM
from shared.vocabulary import Department
from tests.guards.explaining import recorded
from tests.guards.story import BORN, ELSEWHERE, HOME, NAME, NUMBER, World, child_of
from tests.guards.test_lost_filters import caller

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What is resumed is called once more each time, as often as it happens to wait.
RESUMED = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
Act = Callable[[], Awaitable[Any]]
Kind = Literal["read", "read by entry", "search by number", "search by name", "read references"]


async def asks(world: World, kind: Kind) -> tuple[Act, Act]:
    """A stranger's request about the story's child, and the same about nobody."""
    stranger = await world(Department.CIVIL_AFFAIRS, ELSEWHERE)
    child = await child_of(world, NAME)
    (row, *_) = await world.rows("SELECT entry_id FROM links WHERE person = $1", child)
    references = world.hub.apps["registry"].state.references

    def get(path: str, of: UUID) -> Act:
        async def act() -> None:
            assert (await stranger.get(path.format(of))).status_code == 404

        return act

    def post(path: str, body: dict[str, Any]) -> Act:
        async def act() -> None:
            reply = await stranger.post(path, json=body)
            assert reply.status_code == 200
            assert NAME not in reply.text

        return act

    def reference(of: UUID) -> dict[str, Any]:
        mine = f"{Department.CIVIL_AFFAIRS}-{ELSEWHERE}"
        return {"references": [references.make(of, mine)]}

    found = "/v1/children/search"
    pairs: dict[Kind, Callable[[], tuple[Act, Act]]] = {
        "read": lambda: (get("/v1/children/{}", child), get("/v1/children/{}", uuid4())),
        "read by entry": lambda: (
            get("/v1/entries/{}/child", row["entry_id"]),
            get("/v1/entries/{}/child", uuid4()),
        ),
        "search by number": lambda: (
            post(found, {"id_number": NUMBER}),
            post(found, {"id_number": "500107201705030015"}),
        ),
        "search by name": lambda: (
            post(found, {"name": NAME, "birth_date": BORN}),
            post(found, {"name": "示无名", "birth_date": BORN}),
        ),
        "read references": lambda: (
            post("/v1/references/read", reference(child)),
            post("/v1/references/read", reference(uuid4())),
        ),
    }
    return pairs[kind]()


async def work_of(world: World, act: Act) -> tuple[Counter[str], list[str]]:
    """How often each of our functions runs for it, and the statements in their order."""
    auth._buckets.clear()
    await act()  # what is made once (a token, a connection) is made now
    runs = []
    for _ in range(3):
        with counted() as calls:
            await act()
        runs.append(calls)
    async with recorded(world.hub.apps["registry"].state.database, here=True) as statements:
        await act()
    # What happens now and then (key files are looked at again) is not in every run.
    return runs[0] & runs[1] & runs[2], [statement.text for statement in statements]


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Calls of our functions from this task alone: what a hub does by the clock is not about anybody."""
    calls: Counter[str] = Counter()
    mine = asyncio.current_task()

    def note(frame: FrameType, what: str, _: Any) -> None:
        code = frame.f_code
        ours = "/services/" in code.co_filename or "/shared/" in code.co_filename
        if what == "call" and ours and asyncio.current_task() is mine:
            name = f"{code.co_filename}:{code.co_qualname}"
            calls[name] = 1 if code.co_flags & RESUMED else calls[name] + 1

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


async def child_opening(world: World) -> Callable[[], object]:
    """The first step of opening the story's child, as who reads it must."""
    child = await child_of(world, NAME)
    async with world.hub.apps["registry"].state.database.transaction(SYSTEM) as session:
        (row,) = await queries.visible(session, caller(Department.CIVIL_AFFAIRS, HOME), [child])
    sealer = world.hub.apps["registry"].state.kit.sealer
    return lambda: sealer.unwrap(row["id"], row["master"], row["wrapped"])


@pytest.mark.parametrize("kind", get_args(Kind))
async def test_who_is_out_of_reach_costs_the_work_of_nobody(told: World, kind: Kind) -> None:
    there, nobody = await asks(told, kind)
    calls, statements = await work_of(told, there)
    others, theirs = await work_of(told, nobody)
    assert (calls - others, others - calls) == (Counter(), Counter())
    assert statements == theirs
    assert sum(calls.values()) > 20
    assert len(statements) > 0


async def test_opening_what_is_sealed_would_show_in_the_work(told: World) -> None:
    there, nobody = await asks(told, "read")
    opened = await child_opening(told)

    async def there_opened() -> None:
        await there()
        opened()

    calls, _ = await work_of(told, there_opened)
    assert calls != (await work_of(told, nobody))[0]


AT_LEAST, AT_MOST = 60, 400
#: How many standard deviations of a fair coin the interval spans to each side: once in a hundred thousand it misses.
CERTAINTY = 4.4
#: The part of a request's time by which the two must differ to count as different.
PART = 0.25


async def differ(one: Act, other: Act) -> bool:
    """Whether ``one`` certainly takes longer or shorter than ``other``, by more than ``PART``.

    Both are made by turns.  The interval of the median difference assumes nothing about how times are spread; a busy machine
    widens it, which makes this weaker and never wrong.
    """
    differences: list[float] = []
    times: list[float] = []
    for turn in range(AT_MOST):
        acts = (one, other) if turn % 2 else (other, one)
        first, second = [await _timed(act) for act in acts]
        differences.append(first - second if turn % 2 else second - first)
        times.append(second if turn % 2 else first)
        if turn >= AT_LEAST and turn % 20 == 0:
            low, high = interval(differences)
            allowance = PART * statistics.median(times)
            if -allowance < low and high < allowance:
                return False
            if low > allowance or high < -allowance:
                return True
    return False


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the median of the values' distribution lies: two of the values themselves, by their ranks."""
    ordered = sorted(values)
    aside = math.floor(len(ordered) / 2 - CERTAINTY * math.sqrt(len(ordered)) / 2)
    return ordered[max(0, aside)], ordered[min(len(ordered), len(ordered) - aside) - 1]


async def _timed(act: Act) -> float:
    auth._buckets.clear()
    began = time.perf_counter()
    await act()
    return time.perf_counter() - began


@pytest.mark.parametrize("kind", ["read", "search by number"])
async def test_who_is_out_of_reach_takes_the_time_of_nobody(told: World, kind: Kind) -> None:
    there, nobody = await asks(told, kind)
    assert not await differ(there, nobody)


async def test_reading_before_refusing_would_show_in_the_time(told: World) -> None:
    there, nobody = await asks(told, "read")
    reader = await told(Department.CIVIL_AFFAIRS, HOME)
    child = await child_of(told, NAME)

    async def read_and_refused() -> None:
        await reader.get(f"/v1/children/{child}")
        await there()

    assert await differ(read_and_refused, nobody)
