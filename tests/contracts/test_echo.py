"""No answer repeats a marked value: a canary put into every place of every request, as a value and as a name."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from services.registry.records.feeds import FEEDS
from shared.vocabulary import SERVICE_SCOPES, Department
from tests.contracts.conftest import Reached
from tests.guards.asking import ask, operations
from tests.guards.operations import Operation, Place, leaves, replaced
from tests.guards.story import HOME, WHY

CANARY = "赵钱孙李-canary-50010320170503001X"
MARKS = (CANARY, "canary", r"\u8d75\u94b1", "%E8%B5%B5")
#: Texts of a request that its answer is there to give back: a client's own ids, and references to read.
GIVEN_BACK = {"source_id", "source_ids", "reference", "references", "url"}


def bodies(one: Operation) -> Iterator[tuple[Place, Any]]:
    """The example with the canary in place of each value, and as one field more beside each."""
    example = one.body
    for at, _ in leaves(example):
        for canary in (CANARY, [CANARY], {CANARY: CANARY}):
            yield at, replaced(example, at, canary)
    for at in {at[:-1] for at, _ in leaves(example) if isinstance(at[-1], str)}:
        beside = _at(example, at)
        yield (*at, CANARY), replaced(example, at, {**beside, CANARY: CANARY})


def _at(value: Any, at: Place) -> Any:
    for step in at:
        value = value[step]
    return value


def _given_back(at: Place) -> bool:
    return bool(GIVEN_BACK & set(map(str, at)))


def department_of(one: Operation) -> Department:
    if set(one.scopes) & SERVICE_SCOPES:
        return Department.SERVICE
    feed = one.path.removeprefix("/v1/").removeprefix("imports/").split("/")[0]
    return FEEDS[feed].departments[0] if feed in FEEDS else Department.CIVIL_AFFAIRS


class Speaker:
    """Sends what it is given, as somebody who may."""

    def __init__(self, reached: Reached) -> None:
        self.reached = reached
        self.repeated: list[tuple[str, Any]] = []
        self.sent = 0

    def say(self, one: Operation, what: Any, **request: Any) -> httpx.Response:
        reply = self.reached.run(self._ask(one, request))
        self.sent += 1
        shown = reply.text + str(dict(reply.headers))
        if any(mark in shown for mark in MARKS):
            self.repeated.append((str(one), what))
        assert reply.status_code < 500, (str(one), what)
        return reply

    async def _ask(self, one: Operation, request: Mapping[str, Any]) -> httpx.Response:
        world = self.reached.world
        token = None
        if one.scopes:
            who = department_of(one)
            named = {"scopes": SERVICE_SCOPES, "name": "every-service"}
            token = await world.token(who, HOME, **(named if who == Department.SERVICE else {}))
        return await ask(world, one, token, why=WHY[department_of(one)], **request)


def test_nothing_repeats_a_value_in_a_body(reached: Reached) -> None:
    speaker = Speaker(reached)
    for one in operations(reached.world):
        if one.media_type != "application/json":
            continue
        mutants = [(at, body) for at, body in bodies(one) if not _given_back(at)]
        if one.method == "post" and isinstance(one.body, list):
            speaker.say(one, "every place", body=[body[0] for _, body in mutants])
            mutants = mutants[:3]
        for at, body in mutants:
            speaker.say(one, at, body=body)
        speaker.say(one, "the whole", body=CANARY)
    assert not speaker.repeated
    assert speaker.sent > 100


def test_a_repeated_value_is_noticed(reached: Reached) -> None:
    """Else the tests here would show nothing: a client's own id is given back to it."""
    speaker = Speaker(reached)
    (push,) = [one for one in operations(reached.world) if one.id == "push_enrolments"]
    speaker.say(push, "its id", body=[{**push.body[0], "source_id": CANARY}])
    assert speaker.repeated == [(str(push), "its id")]


def test_nothing_repeats_a_line_of_an_import(reached: Reached) -> None:
    speaker = Speaker(reached)
    (upload,) = [one for one in operations(reached.world) if one.id == "import_enrolments"]
    (verdicts,) = [one for one in operations(reached.world) if one.id == "list_import_verdicts"]
    job = speaker.say(upload, "lines", body=f'"{CANARY}"\n{{"{CANARY}": 1}}\n{CANARY}\n').json()
    assert job["refused"] == 3
    speaker.say(verdicts, "verdicts", path={"import_id": job["id"]})
    assert not speaker.repeated


def test_nothing_repeats_what_stands_in_an_address_or_a_header(reached: Reached) -> None:
    speaker = Speaker(reached)
    for one in operations(reached.world):
        for place, name in one.parameters:
            if place == "path":
                speaker.say(one, name, path={name: CANARY})
            elif place == "query":
                speaker.say(one, name, query={name: CANARY})
            elif name != "Authorization":
                speaker.say(one, name, headers={name: CANARY.encode().hex() + "-canary"})
    assert not speaker.repeated
    assert speaker.sent > 100
