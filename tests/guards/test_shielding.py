"""Shielding (地址保密): where a shielded child lives stands in no answer, export, notice, webhook, log or figure, for anyone.

Every operation of the three documents is asked by every department for every purpose for which it reads, in every form
and with everything it can be asked besides; so one that is added later is tried as well.
"""

import io
import zipfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.vocabulary import SERVICE_SCOPES, Department
from tests.databases import Cluster, Copies
from tests.guards.asking import SERVICES, ask, operations
from tests.guards.operations import Operation
from tests.guards.shielding import (
    HIDDEN,
    NEXT_TOWNSHIP,
    NEXT_VILLAGE,
    STAFF,
    TOWNSHIP,
    VILLAGE,
    everyone,
    filled,
    hidden,
    ids_for,
    leaks,
    media,
    opened,
    traffic,
    variants,
)
from tests.guards.story import HOME, WHY, World, whole_hub
from tests.guards.test_foreign_places import LOCALS, every_id

#: Below the county, where no list holds a shielded child.
BELOW = {VILLAGE, NEXT_VILLAGE, TOWNSHIP, NEXT_TOWNSHIP}
#: Reads of one thing that the story has none of.
UNOPENED = {"show_ruling"}
#: After which a child is shielded no more: asked last.
ENDS = "unshield_child"
#: What was published stays what it was: a figure that was frozen before is told again, and names no child.
FROZEN = {"show_figure_publication", "list_figure_revisions"}


def _workbook(text: str) -> bytes:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("xl/worksheets/sheet1.xml", text)
    return book.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        f'{{"address":"{HIDDEN}路九号"}}'.encode(),
        f'{{"division":"{VILLAGE}"}}'.encode(),
        f'{{"school":"{HIDDEN}小学"}}\n'.encode(),
        f'{{"staff":"{STAFF}"}}'.encode(),
        _workbook(f"<t>{HIDDEN}路九号</t>"),
        _workbook(f"<t>{NEXT_TOWNSHIP}008</t>"),
    ],
)
def test_the_sweep_finds_what_is_told(body: bytes) -> None:
    """Else the tests below would show nothing."""
    assert leaks(opened(body))
    assert not leaks(opened(_workbook("<t>渝中区</t>"))) and not leaks(HOME.encode())


async def test_r57_no_operation_tells_where_a_shielded_child_lives(
    cluster: Cluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Shielded as soon as it is known, so that all that is done is done for a shielded child."""
    await sweep(cluster, tmp_path, capfd, from_the_first=True)


async def test_r57_what_was_told_before_is_told_to_nobody_after(
    cluster: Cluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Shielded at last: lists, figures, rosters, cases and pasts that were made before then."""
    await sweep(cluster, tmp_path, capfd, from_the_first=False)


async def sweep(
    cluster: Cluster, home: Path, capfd: pytest.CaptureFixture[str], *, from_the_first: bool
) -> None:
    copies = Copies(cluster)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(copies.drop)
        world = await whole_hub(copies, home, stack)
        heard = await hidden(world, from_the_first=from_the_first)
        found = {
            **{f"in the story: {name}": leaks(text) for name, text in heard},
            **{f"sent: {to}": leaks(body) for to, body in traffic(world)},
        }
        asked = await _ask_everything(world, found, acting=from_the_first)
        for service in SERVICES:
            metrics = await (await world.anyone(service)).get("/metrics")
            assert metrics.status_code == 200
            found[f"metrics of {service}"] = leaks(metrics.content)
    found["logs"] = leaks("".join(capfd.readouterr()).encode())
    assert asked[200] > 300, asked
    told = {name: marks for name, marks in found.items() if marks}
    assert not told, "\n".join(f"{name}: {' '.join(marks)}" for name, marks in told.items())


async def _ask_everything(world: World, found: dict[str, Any], *, acting: bool) -> Counter[int]:
    """What reads first; what acts at last, by those who may."""
    asked: Counter[int] = Counter()
    # Who reads what is the same in both: the usual purposes do, the second time.
    readers = [*everyone(acting=not acting)]
    unopened: set[str] = set()
    children = [row["id"] for row in await world.rows("SELECT id FROM children ORDER BY id")]
    ours = [one for one in operations(world) if not set(one.scopes) & SERVICE_SCOPES]
    for one in sorted(
        ours, key=lambda operation: (operation.method != "get", operation.id == ENDS)
    ):
        if (one.method != "get" and not acting) or (one.id in FROZEN and not acting):
            continue
        paths = await _paths(world, one, children)
        if one.method == "get" and not paths:
            unopened.add(one.id)
        for path in paths:
            await _ask(world, one, path, children, readers, found, asked)
    assert unopened <= UNOPENED, unopened - UNOPENED
    return asked


async def _paths(world: World, one: Operation, children: list[UUID]) -> list[dict[str, str]]:
    """What opens it, by each choice that its path leaves."""
    if not one.id_slots:
        return one.choices
    (slot, *_) = one.id_slots
    if one.method != "get":
        return [{**one.choices[0], slot: str(children[0])}] if slot == "child_id" else []
    if slot == "child_id":
        return await _opening(world, one, [*map(str, children)])
    return await _opening(world, one, await ids_for(world, one)) or await _opening(
        world, one, await every_id(world)
    )


async def _opening(world: World, one: Operation, ids: list[str]) -> list[dict[str, str]]:
    (slot, *_) = one.id_slots
    for chosen in one.choices:
        for value in ids:
            for department, area in LOCALS:
                path = {**chosen, slot: value}
                token = await world.token(department, area)
                reply = await ask(world, one, token, path=path, why=WHY[department])
                if reply.status_code == 200:
                    return [path]
    return []


async def _ask(
    world: World,
    one: Operation,
    path: dict[str, str],
    children: list[UUID],
    readers: list[tuple[Department, str, str]],
    found: dict[str, Any],
    asked: Counter[int],
) -> None:
    for department, area, why in readers if one.method == "get" else everyone(acting=True):
        # A client's name stands in the log, and is no word of the hub's.
        token = await world.token(department, area, name="" if len(area) <= 6 else "an-office")
        mine = department == Department.CIVIL_AFFAIRS and (area, why) == (HOME, "key_care")
        questions: list[dict[str, str]] = [{}]
        if mine and one.method == "get":
            questions += variants(one, world.hub.clock.now(), children)
        for query in questions:
            for accept in list(media(one))[: None if not query else 1] or ["*/*"]:
                reply = await ask(
                    world,
                    one,
                    token,
                    {"Accept": accept},
                    why,
                    path=path,
                    query=query,
                    body=filled(one, children[0]),
                )
                asked[reply.status_code] += 1
                name = f"{one} {accept} as {department}:{area} for {why} {query}"
                found[name] = leaks(opened(reply.content), *query.values(), *path.values())
                if not path and (len(area) > 6 or BELOW & set(query.values())):
                    # To stand in the list of a township is to live there.
                    found[name] += [str(id_) for id_ in children if str(id_) in reply.text]
