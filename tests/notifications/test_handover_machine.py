"""Whatever two hubs and the network between them do, no day has two counties that answer for a child, and no word is lost.

Cast: the *child* lives now here, now there; three counties of two hubs hand it over, take it, refuse it and take it back, while
messages are held up, lost, repeated and come in any order.  The *model* knows what people did and says who has the file.  Real
apps, workers and PostgreSQL: a step of the machine lets every worker do what it can at that moment.  Which rules may come next
never hangs on what has arrived, since retries are jittered: a rule that does not apply does nothing.
"""

import asyncio
import os
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.databases import Cluster
from tests.notifications.hubs import new_key
from tests.notifications.two_counties import (
    CAO,
    HUB_OF,
    JIULONGPO,
    YUZHONG,
    World,
    around,
)

Result = TypeVar("Result")
EXAMPLES = int(os.environ.get("HUTONG_EXAMPLES", "10"))
COUNTIES = st.sampled_from([YUZHONG, JIULONGPO, CAO])
HUBS = st.sampled_from(sorted(set(HUB_OF.values())))
OUTCOMES = st.sampled_from(["confirmed", "confirmed", "confirmed", "refusal", "unknown"])
_THEIRS = "SELECT id, state, version, entry FROM notices WHERE remote_id = $1"
_OURS = "SELECT id, state, version, settled FROM notices WHERE handover = $1"


@dataclass
class Proposal:
    """One that is open at the county that gives, and what people said to it so far."""

    id: UUID
    path: str
    giving: str
    taking: str
    on: date | None = None
    refused: bool = False
    taken_back: bool = False
    kept: bool = False

    @property
    def inside(self) -> bool:
        return HUB_OF[self.giving] == HUB_OF[self.taking]

    @property
    def answered(self) -> bool:
        return self.refused or self.on is not None


class TwoHubs(RuleBasedStateMachine):
    def __init__(self, runner: asyncio.Runner, world: World, numbers: Iterator[int]) -> None:
        super().__init__()
        self.runner, self.world = runner, world
        self.number = next(numbers)
        self.children: dict[str, UUID] = {}
        self.spells: list[tuple[date, str]] = [(date.min, YUZHONG)]
        self.open: Proposal | None = None
        self.whole = True
        self.begun: dict[tuple[str, str, str], date] = {}

    def run(self, act: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(act)

    @property
    def today(self) -> date:
        return self.world.today

    def owner(self, day: date) -> str:
        return [county for since, county in self.spells if since <= day][-1]

    @initialize()
    def a_child_of_whom_both_hubs_have_heard(self) -> None:
        async def begin() -> None:
            self.first = self.lives_since = self.today
            self.lives = YUZHONG
            await self.world.heal()
            entry = await self.world.report(YUZHONG, self.number, self.today)
            self.children["chongqing"] = await self.world.person("chongqing", entry)
            await self.care("chongqing")

        self.run(begin())
        self.propose(CAO)

        async def heard() -> None:
            assert self.open is not None
            (ours,) = await self.world.hubs["chongqing"].rows(_OURS, self.open.id)
            (theirs,) = await self.world.hubs["heze"].rows(_THEIRS, ours["id"])
            self.children["heze"] = await self.world.person("heze", theirs["entry"])

        self.run(heard())

    async def care(self, hub: str) -> None:
        """Key care begins, and with it something is owed."""
        county = next(one for one in HUB_OF if HUB_OF[one] == hub)
        reply = await self.world.registries[county].post(
            "/v1/key-care",
            json={
                "child_id": str(self.children[hub]),
                "category": "vagrancy",
                "reason": "found_by_visit",
            },
            headers=new_key(),
        )
        assert reply.status_code == 201, reply.text
        await self.world.settle()

    def teardown(self) -> None:
        if "heze" in self.children:
            self.heal()
            self.each_day_has_one_county_at_most_and_it_is_the_right_one()

    def follow(self) -> None:
        """What the giving registry has by now was said by people before: of what is open, the model learns when, never what."""
        one = self.open
        if one is None:
            return

        async def ask() -> str:
            reply = await self.world.registries[one.giving].get(one.path)
            assert reply.status_code == 200, reply.text
            return str(reply.json()["state"])

        state = self.run(ask())
        if state in ("rejected", "revoked"):
            assert one.taken_back if state == "revoked" else one.refused and not one.taken_back
            self.world.seen["void" if one.on else state, one.inside] += 1
            self.open = None
        elif state in ("accepted", "passed"):
            assert one.on is not None
            assert not one.taken_back
            if not one.kept:
                self.spells.append((one.on, one.taking))
                one.kept = True
                late = one.on <= self.today
                self.world.seen["kept late" if late else "kept", one.inside] += 1
            if state == "passed":
                assert one.on <= self.today
                self.open = None
        else:
            assert state == "proposed"
            assert not self.whole or not (one.answered or one.taken_back), "nothing is lost"

    # The child and time

    @rule(days=st.integers(1, 12))
    def time_goes_by(self, days: int) -> None:
        self.run(self.world.pass_by(days=days))
        self.follow()

    @rule(to=COUNTIES)
    def move(self, to: str) -> None:
        if to != self.lives and self.lives_since < self.today:
            self.run(self.world.report(to, self.number, self.today))
            self.lives, self.lives_since = to, self.today
            self.follow()

    # The network

    @rule(hub=HUBS)
    def a_hub_falls_silent(self, hub: str) -> None:
        self.world.network.silent.add(self.world.hubs[hub].url("notifications"))
        self.whole = False

    @rule(hub=HUBS)
    def receipts_are_lost(self, hub: str) -> None:
        self.world.network.deaf.add(self.world.hubs[hub].url("notifications"))
        self.whole = False

    @rule(odd=st.booleans())
    def some_of_it_comes_later(self, odd: bool) -> None:
        self.run(self.world.delay(odd))
        self.world.network.silent.clear()
        self.run(self.world.settle())
        self.follow()

    @rule()
    def everything_is_sent_again(self) -> None:
        self.run(self.world.repeat())
        self.follow()

    @rule()
    def heal(self) -> None:
        self.run(self.world.heal())
        self.whole = True
        self.follow()

    # The counties

    @rule(to=COUNTIES)
    def propose(self, to: str) -> None:
        giving = self.owner(self.today)
        child = self.children.get(HUB_OF[giving])
        assert child is not None
        reply = self.run(self.world.propose(giving, child, to))
        if reply.status_code == 404:
            # Until it hears that its acceptance was kept, a county need not know of the child: responsibility buys no sight.
            assert not self.whole, reply.text
        elif self.open is not None or to == giving:
            assert reply.status_code == 409, reply.text
        elif reply.status_code == 409:
            # Until then, it has nothing to give.
            assert not self.whole, reply.text
        else:
            assert reply.status_code == 201, reply.text
            said = reply.json()
            self.open = Proposal(UUID(said["id"]), f"/v1/handovers/{said['id']}", giving, to)

    @rule(outcome=OUTCOMES, days=st.integers(1, 15))
    def answer(self, outcome: str, days: int) -> None:
        one = self.open
        if one is None or one.answered:
            return
        on = self.today + timedelta(days=days)
        taken = outcome == "confirmed"

        async def inside() -> int:
            more = {"effective_on": on.isoformat()} if taken else {"reason": "file_incomplete"}
            act = "accept" if taken else "reject"
            return (await self.world.act(one.taking, one.path, act, **more)).status_code

        async def across() -> int:
            (ours,) = await self.world.hub(one.giving).rows(_OURS, one.id)
            found = await self.world.hub(one.taking).rows(_THEIRS, ours["id"])
            if not found:
                assert not self.whole, "nothing is lost"
                return 0
            desk, path = self.world.desks[one.taking], f"/v1/notices/{found[0]['id']}"
            if outcome == "refusal":
                reply = await desk.post(f"{path}/refusal")
            else:
                day = {"effective_on": on.isoformat()} if taken else {}
                reply = await desk.post(f"{path}/answer", json={"outcome": outcome, **day})
            await self.world.settle()
            if reply.status_code == 409:  # it was taken back, or the facts are not there yet
                assert one.taken_back or not self.whole, reply.text
                return 0
            return reply.status_code

        done = self.run(inside() if one.inside else across())
        if done:
            assert done == 200
            one.on, one.refused = (on if taken else None), not taken
        self.follow()

    @rule()
    def take_back(self) -> None:
        """Whoever gives takes it back; across hubs until the answer is there, however long it is on its way."""
        one = self.open
        if one is None or one.taken_back:
            return

        async def inside() -> int:
            return (
                await self.world.act(one.giving, one.path, "revoke", reason="came_back")
            ).status_code

        async def across() -> int:
            (ours,) = await self.world.hub(one.giving).rows(_OURS, one.id)
            reply = await self.world.desks[one.giving].post(
                f"/v1/notices/{ours['id']}/withdrawal",
                headers={"If-Match": f'"{ours["version"]}"'},
            )
            await self.world.settle()
            if reply.status_code == 409:
                assert one.answered
                assert ours["state"] in ("answered", "refused")
            return reply.status_code

        done = self.run(inside() if one.inside else across())
        if done == 200:
            one.taken_back = True
            if one.kept:
                assert one.inside, "what the other hub was told of is kept"
                self.spells.pop()
        else:
            assert done == 409
        self.follow()

    @rule(
        to=COUNTIES,
        silent=st.sets(HUBS),
        outcome=OUTCOMES,
        days=st.integers(1, 6),
        pass_first=st.integers(0, 8),
        back=st.booleans(),
    )
    def hand_over(
        self, to: str, silent: set[str], outcome: str, days: int, pass_first: int, back: bool
    ) -> None:
        """The whole of it in one step: asked, answered while hubs are silent, and perhaps taken back before word of it is there."""
        self.heal()
        self.propose(to)
        for hub in sorted(silent):
            self.a_hub_falls_silent(hub)
        self.answer(outcome, days)
        if pass_first:
            self.time_goes_by(pass_first)
        if back:
            self.take_back()

    # What holds after every step

    @invariant()
    def each_day_has_one_county_at_most_and_it_is_the_right_one(self) -> None:
        if "heze" not in self.children:
            return
        turns = [since for since, _ in self.spells[1:]]
        if self.open is not None and self.open.on is not None:
            turns.append(self.open.on)
        days = sorted(around([self.first, self.today, self.today + timedelta(days=400), *turns]))

        async def ask() -> dict[str, dict[date, str]]:
            return {
                name: await self.world.file(name, child, days)
                for name, child in self.children.items()
            }

        said = self.run(ask())
        for day in days:
            claims = [files[day] for name, files in said.items() if HUB_OF.get(files[day]) == name]
            assert claims in ([], [self.owner(day)]), day
            if self.whole:
                assert claims, day

    @invariant()
    def no_clock_is_reset(self) -> None:
        """What was owed to the child in key care goes on from the day it began, whoever has the file and wherever it lives."""
        for name, child in self.children.items():
            rows = self.run(
                self.world.hubs[name].rows(
                    "SELECT duty, department, begun_on FROM duties WHERE child_id = $1"
                    " AND population = 'key_care'",
                    child,
                    service="registry",
                )
            )
            assert rows or name == "heze", "nothing that is owed ends by itself"
            for row in rows:
                key = (name, row["duty"], row["department"])
                assert self.begun.setdefault(key, row["begun_on"]) == row["begun_on"], key


@pytest.fixture
def stage(cluster: Cluster, homes: dict[str, Path]) -> Iterator[tuple[asyncio.Runner, World]]:
    """Two hubs, and the loop they run on."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield runner, runner.run(World.make(cluster, homes, stack))
        finally:
            runner.run(stack.aclose())


def test_r6_across_hubs_no_day_has_two_counties_and_nothing_is_lost(
    stage: tuple[asyncio.Runner, World],
) -> None:
    numbers = count(1)  # each example tells of children of its own
    run_state_machine_as_test(
        lambda: TwoHubs(*stage, numbers),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=15,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_r6_who_has_not_heard_that_it_has_the_file_is_told_nothing_of_the_child(
    stage: tuple[asyncio.Runner, World],
) -> None:
    runner, world = stage
    story = TwoHubs(runner, world, count(1))
    story.a_child_of_whom_both_hubs_have_heard()
    story.hand_over(YUZHONG, {"heze"}, "confirmed", days=2, pass_first=6, back=True)
    for to in (CAO, YUZHONG):
        reply = runner.run(world.propose(CAO, story.children["heze"], to))
        assert reply.status_code == 404
    story.heal()
    story.propose(YUZHONG)
    assert story.open is not None
