"""Whatever a child does and counties do about it, each day has one county that answers for it, and no clock is reset.

Cast: the *child* moves, comes back and is handed over, or not; its *twin* moves alike, and nobody ever hands it over.  *Cao* (曹县)
of another hub offers the child as if it had it: our counties answer, or not, and Cao keeps its word, or not.  Of its
three counties one ends in some stories: 渝北 became 两江新区 on 6 November 2025.  The *model* says by itself who has the file;
real app, real PostgreSQL.
"""

import asyncio
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.registry.children import rebuilding
from shared.clock import today
from tests.databases import Cluster
from tests.registry.conftest import FixedClock, serve
from tests.registry.handing import (
    JIULONGPO,
    NANAN,
    YUZHONG,
    acted,
    civil,
    item,
    listed,
    moved,
    next_day,
    offered,
    proposed,
    responsible,
    said,
    told,
)
from tests.registry.key_care import CAO, link, opened, push

Result = TypeVar("Result")
#: What the gate can afford; HUTONG_EXAMPLES=200 is thorough.
EXAMPLES = int(os.environ.get("HUTONG_EXAMPLES", "6"))
BEGUN = date(2025, 3, 3)
YUBEI, LIANGJIANG, THE_DAY = "500112000000", "500157000000", date(2025, 11, 6)
#: On which day the story begins, and the counties in it: the first is where the child is found.
STORIES = (
    (datetime(2026, 3, 2, 4, tzinfo=UTC), (YUZHONG, JIULONGPO, NANAN)),
    (datetime(2025, 10, 27, 4, tzinfo=UTC), (YUBEI, YUZHONG, JIULONGPO)),
)
PLACES = st.integers(0, 2)
SIDES = st.sampled_from(["giving", "taking"])


class Counties(RuleBasedStateMachine):
    """``spells`` is who has had the file since when; ``open`` the handover under way, as the test did it."""

    def __init__(self, cluster: Cluster, home: Path) -> None:
        super().__init__()
        self.cluster, self.home = cluster, home
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.open: dict[str, Any] | None = None
        self.begun: dict[tuple[str, str], date] = {}
        self.gone, self.moved_on = False, BEGUN
        self.offer: dict[str, Any] | None = None
        self.handed = False

    def run(self, act: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(act)

    @initialize(story=st.sampled_from(STORIES))
    def start(self, story: tuple[datetime, tuple[str, ...]]) -> None:
        at, self.counties = story
        self.lives = self.counties[0]
        self.spells: list[tuple[date, str]] = [(date.min, self.lives)]

        async def make() -> None:
            self.database, urls = await self.cluster.copy("registry")
            self.registry = await serve(urls, self.home, FixedClock(at), self.stack)
            self.child, self.twin = uuid4(), uuid4()
            self.records: dict[UUID, list[UUID]] = {}
            for one in (self.child, self.twin):
                self.records[one] = await moved(self.registry, one, self.lives, BEGUN)
                await opened(await civil(self.registry, self.lives), one)
            assert await self.registry.system("SELECT 1 FROM duties"), (
                "there are clocks to be reset"
            )

        self.run(make())

    def teardown(self) -> None:
        async def end() -> None:
            await self.stack.aclose()
            await self.cluster.drop(self.database)

        if hasattr(self, "database"):
            self.run(end())
        self.runner.close()

    # The model

    @property
    def today(self) -> date:
        return today(self.registry.clock)

    def owner(self, day: date) -> str:
        return [county for since, county in self.spells if since <= day][-1]

    def code(self, county: str, day: date | None = None) -> str:
        """The code that the county bears, today unless told otherwise."""
        return LIANGJIANG if county == YUBEI and (day or self.today) >= THE_DAY else county

    def county(self, side: str) -> str:
        assert self.open is not None
        return str(self.open[side])

    # What the child does, and its twin

    @rule(days=st.integers(1, 40))
    def time_goes_by(self, days: int) -> None:
        before = self.today
        self.run(next_day(self.registry, before + timedelta(days=days)))
        if before < THE_DAY <= self.today:
            self.registry.callers.clear()  # their next tokens are for the area of the day
        if self.open and self.open["effective_on"] and self.open["effective_on"] <= self.today:
            self.open = None

        if self.accepted and self.accepted["on"] and self.accepted["on"] <= self.today:
            self.offer = None

    @precondition(lambda self: self.moved_on < self.today)
    @rule(place=PLACES)
    def move(self, place: int) -> None:
        """On, back, or, where it had gone nobody knew whereto, again to where it was."""
        to = self.counties[place]
        if to == self.lives and not self.gone:
            return
        for one in (self.child, self.twin):
            self.records[one] += self.run(moved(self.registry, one, self.code(to), self.today))
        self.lives, self.gone, self.moved_on = to, False, self.today

    @precondition(lambda self: not self.gone and self.moved_on < self.today)
    @rule()
    def move_out(self) -> None:
        """Whereto, nobody says."""

        async def leave(one: UUID) -> None:
            here = self.code(self.lives)
            stay = {
                "division": here,
                "since": self.moved_on.isoformat(),
                "until": self.today.isoformat(),
            }
            left = item("police", here, self.today, event="cancelled", residence=stay)
            who = f"police:{here[:6]}"
            records = await push(self.registry, who, "residence-permits", left)
            await link(self.registry, records, [one])
            self.records[one] += records

        for one in (self.child, self.twin):
            self.run(leave(one))
        self.gone, self.moved_on = True, self.today

    @rule()
    def be_found_to_be_another(self) -> None:
        """Every record of each goes to another person, as by a merge."""
        for name in ("child", "twin"):
            before, after = getattr(self, name), uuid4()
            records = self.records[after] = self.records.pop(before)
            self.run(link(self.registry, records, [after] * len(records)))
            setattr(self, name, after)

    @precondition(lambda self: not self.gone)
    @rule()
    def be_found_to_have_two_records(self) -> None:
        """A school had told of it as of somebody else."""

        async def double(one: UUID) -> list[UUID]:
            other, here = uuid4(), self.code(self.lives)
            records = await told(self.registry, other, here, self.moved_on, "education")
            await link(self.registry, records, [one])
            return records

        for one in (self.child, self.twin):
            self.records[one] += self.run(double(one))

    # What another hub does

    @property
    def accepted(self) -> dict[str, Any] | None:
        """The offer that our county has accepted, and that has not passed."""
        return self.offer if self.offer and self.offer["accepted"] else None

    @precondition(lambda self: not self.accepted)
    @rule(place=PLACES)
    def be_offered(self, place: int) -> None:
        """One that came before is refused, or withdrawn: of either our registry hears nothing."""
        to = self.counties[place]

        async def ask() -> UUID:
            (facts,) = await offered(self.registry, self.code(to))
            for one in (self.child, self.twin):
                records = (
                    [facts]
                    if one == self.child
                    else await offered(self.registry, self.code(to), handed_over_by=None)
                )
                await link(self.registry, records, [one])
                self.records[one] += records
            return facts

        self.offer = {"facts": self.run(ask()), "notice": uuid4(), "to": to, "accepted": False}

    def say(self, act: str, **more: Any) -> int:
        async def ask() -> Any:
            assert self.offer is not None
            to = self.code(self.offer["to"])
            return await said(
                self.registry, self.offer["facts"], self.offer["notice"], to, act, **more
            )

        return int(self.run(ask()).status_code)

    @precondition(lambda self: self.offer is not None and not self.accepted)
    @rule()
    def accept_the_offer(self) -> None:
        """As long as nobody here ever handed the child over, the county that has it may say that Cao does."""
        assert self.offer is not None
        to, done = self.offer["to"], self.say("propose")
        if self.handed or to != self.owner(self.today):
            assert done == 409
        else:
            assert done == 200
            self.offer |= {"accepted": True, "on": None}
            self.spells = [(date.min, CAO)]

    @precondition(lambda self: self.accepted and self.accepted["on"] is None)
    @rule(kept=st.booleans(), days=st.integers(1, 30))
    def hear_from_the_other_hub(self, kept: bool, days: int) -> None:
        """The acceptance was kept there, or is void: as if nobody had been asked."""
        assert self.accepted is not None
        to, on = self.accepted["to"], self.today + timedelta(days=days)
        if kept:
            assert self.say("accept", effective_on=on.isoformat()) == 200
            self.accepted["on"] = on
            self.spells.append((on, to))
            self.handed = True
        else:
            assert self.say("revoke") == 200
            self.spells, self.offer = [(date.min, to)], None

    # What the counties do

    @precondition(lambda self: not self.accepted)
    @rule(side=SIDES, place=PLACES)
    def propose(self, side: str, place: int) -> None:
        giving, taking = self.owner(self.today), self.counties[place]
        if giving == taking:
            return
        county = giving if side == "giving" else taking

        async def ask() -> Any:
            to = self.code(taking)
            return await proposed(await civil(self.registry, county), self.child, to)

        reply = self.run(ask())
        if reply.status_code == 404:  # a county that neither has the child nor ever had its file
            assert county not in (self.lives, giving)
        elif self.open is not None:
            assert reply.json()["type"].endswith("handover-open")
        else:
            assert reply.status_code in (201, 403), reply.text
            if reply.status_code == 403:
                assert side == "taking"
                return
            self.handed = True
            self.open = {
                "path": reply.headers["Location"],
                "giving": giving,
                "taking": taking,
                "by": side,
                "effective_on": None,
            }

    def act(self, county: str, act: str, **more: Any) -> int:
        async def ask() -> Any:
            who = await civil(self.registry, county, "staff-8")
            return await acted(who, self.open["path"], act, **more)  # type: ignore[index]

        return int(self.run(ask()).status_code)

    @precondition(lambda self: self.open is not None)
    @rule(side=SIDES, days=st.integers(-2, 30) | st.just(400))
    def accept(self, side: str, days: int) -> None:
        assert self.open is not None
        on = self.today + timedelta(days=days)
        done = self.act(self.county(side), "accept", effective_on=on.isoformat())
        if self.open["effective_on"] is not None:
            assert done == 409
        elif side == self.open["by"]:
            assert done == 403
        elif not 0 <= days <= 366:
            assert done == 422
        else:
            assert done == 200
            self.spells.append((on, self.county("taking")))
            self.open["effective_on"] = on
            if on <= self.today:
                self.open = None

    @precondition(lambda self: self.open is not None)
    @rule(side=SIDES)
    def reject(self, side: str) -> None:
        assert self.open is not None
        done = self.act(self.county(side), "reject", reason="does_not_live_here")
        if self.open["effective_on"] is not None:
            assert done == 409
        elif side == self.open["by"]:
            assert done == 403
        else:
            assert done == 200
            self.open = None

    @precondition(lambda self: self.open is not None)
    @rule(side=SIDES)
    def revoke(self, side: str) -> None:
        assert self.open is not None
        done = self.act(self.county(side), "revoke", reason="came_back")
        if self.open["effective_on"] is None and side != self.open["by"]:
            assert done == 403
        else:
            assert done == 200
            if self.open["effective_on"] is not None:
                self.spells.pop()
            self.open = None

    # What holds after every step

    @invariant()
    def each_day_has_one_county_and_it_is_the_right_one(self) -> None:
        if not hasattr(self, "twin"):
            return

        async def ask() -> None:
            city = await self.registry("civil_affairs:50", actor="staff-1")
            turns = [since for since, _ in self.spells[1:]]
            days = {
                BEGUN,
                THE_DAY,
                THE_DAY - timedelta(days=1),
                self.today,
                self.today + timedelta(days=400),
                *turns,
            }
            days |= {day - timedelta(days=1) for day in turns}
            for day in sorted(days):
                owner = self.code(self.owner(day), day)
                assert await responsible(city, self.child, day) == owner, day
                said = [
                    await responsible(await civil(self.registry, county), self.child, day)
                    for county in self.counties
                ]
                assert {one for one in said if one is not None} <= {owner}
            assert await responsible(city, self.twin) == self.code(self.counties[0])

        self.run(ask())

    @invariant()
    def both_counties_see_what_is_open_and_no_third_one(self) -> None:
        if not hasattr(self, "twin"):
            return

        async def ask() -> None:
            due = not self.gone and self.lives != self.owner(self.today)
            state, between = "due", (self.owner(self.today), self.lives) if due else ()
            if self.open is not None:
                state = "accepted" if self.open["effective_on"] else "proposed"
                between = (self.open["giving"], self.open["taking"])
            if self.accepted is not None:
                state = "accepted" if self.accepted["on"] else "proposed"
                between = (CAO, self.accepted["to"])
            for county in self.counties:
                rows = await listed(await civil(self.registry, county))
                mine = [one["state"] for one in rows if one["child"] == str(self.child)]
                assert mine == ([state] if county in between else []), county

        self.run(ask())

    @invariant()
    def no_clock_is_reset(self) -> None:
        """Nothing that is owed to the child began, or falls due, on another day than for its twin."""
        if not hasattr(self, "twin"):
            return
        rows = self.run(
            self.registry.system(
                "SELECT child_id, duty, department, population, state, step, begun_on, due_on, done_on,"
                " residence_code, detail FROM duties ORDER BY duty"
            )
        )
        child, twin = (
            [tuple(row)[1:] for row in rows if row["child_id"] == one]
            for one in (self.child, self.twin)
        )
        assert child == twin
        assert {row["child_id"] for row in rows} <= {self.child, self.twin}

    @invariant()
    def no_clock_of_key_care_is_reset_by_a_move(self) -> None:
        """Its twin moves alike, so the first days on which anything was owed are kept here, whoever the child is by now."""
        if not hasattr(self, "twin"):
            return
        rows = self.run(
            self.registry.system(
                "SELECT duty, department, begun_on FROM duties WHERE child_id = $1 AND population = 'key_care'",
                self.child,
            )
        )
        assert rows, "nothing that is owed ends by itself"
        for row in rows:
            begun = self.begun.setdefault((row["duty"], row["department"]), row["begun_on"])
            assert row["begun_on"] == begun

    @invariant()
    def a_rebuild_agrees(self) -> None:
        if not hasattr(self, "twin"):
            return

        async def differing() -> list[Any]:
            state = self.registry.app.state
            return [one async for one in rebuilding.verify(state.database, state.kit)]

        assert self.run(differing()) == []


def test_r6_one_county_answers_for_the_child_whatever_happens(cluster: Cluster, home: Path) -> None:
    run_state_machine_as_test(
        partial(Counties, cluster, home),  # type: ignore[arg-type]
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            # Shrinking a story of whole hubs takes longer than reading it.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
