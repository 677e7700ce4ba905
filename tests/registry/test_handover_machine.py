"""Whatever a child does and two counties do about it, each day has one county that answers for it, and no clock is reset.

Cast: the *child* moves, comes back and is handed over, or not; its *twin* moves alike, and nobody ever hands it over.  The
*model* says by itself who has the file; real app, real PostgreSQL.
"""

import asyncio
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
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
    YUZHONG,
    acted,
    civil,
    item,
    listed,
    moved,
    next_day,
    proposed,
    responsible,
)
from tests.registry.key_care import link, opened, push

Result = TypeVar("Result")
EXAMPLES = int(os.environ.get("HUTONG_EXAMPLES", "5"))
BEGUN = date(2025, 3, 3)
COUNTIES = (YUZHONG, JIULONGPO)
SIDES = st.sampled_from(["giving", "taking"])


class Counties(RuleBasedStateMachine):
    """``spells`` is who has had the file since when; ``open`` the handover under way, as the test did it."""

    def __init__(self, cluster: Cluster, home: Path) -> None:
        super().__init__()
        self.cluster, self.home = cluster, home
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.spells: list[tuple[date, str]] = [(date.min, YUZHONG)]
        self.open: dict[str, Any] | None = None
        self.begun: dict[tuple[str, str], date] = {}
        self.lives, self.gone, self.moved_on = YUZHONG, False, BEGUN

    def run(self, act: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(act)

    @initialize()
    def start(self) -> None:
        async def make() -> None:
            self.database, urls = await self.cluster.copy("registry")
            self.registry = await serve(urls, self.home, FixedClock(), self.stack)
            self.child, self.twin = uuid4(), uuid4()
            self.records: dict[UUID, list[UUID]] = {}
            for one in (self.child, self.twin):
                self.records[one] = await moved(self.registry, one, YUZHONG, BEGUN)
                await opened(await civil(self.registry, YUZHONG), one)
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

    def county(self, side: str) -> str:
        assert self.open is not None
        return str(self.open[side])

    # What the child does, and its twin

    @rule(days=st.integers(1, 40))
    def time_goes_by(self, days: int) -> None:
        self.run(next_day(self.registry, self.today + timedelta(days=days)))
        if self.open and self.open["effective_on"] and self.open["effective_on"] <= self.today:
            self.open = None

    @precondition(lambda self: self.moved_on < self.today)
    @rule(to=st.sampled_from(COUNTIES))
    def move(self, to: str) -> None:
        """On, back, or, where it had gone nobody knew whereto, again to where it was."""
        if to == self.lives and not self.gone:
            return
        for one in (self.child, self.twin):
            self.records[one] += self.run(moved(self.registry, one, to, self.today))
        self.lives, self.gone, self.moved_on = to, False, self.today

    @precondition(lambda self: not self.gone and self.moved_on < self.today)
    @rule()
    def move_out(self) -> None:
        """Whereto, nobody says."""

        async def leave(one: UUID) -> None:
            stay = {
                "division": self.lives,
                "since": self.moved_on.isoformat(),
                "until": self.today.isoformat(),
            }
            left = item("police", self.lives, self.today, event="cancelled", residence=stay)
            who = f"police:{self.lives[:6]}"
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

    # What the counties do

    @rule(side=SIDES)
    def propose(self, side: str) -> None:
        giving = self.owner(self.today)
        taking = next(one for one in COUNTIES if one != giving)
        county = giving if side == "giving" else taking

        async def ask() -> Any:
            return await proposed(await civil(self.registry, county), self.child, taking)

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
    @rule(side=SIDES, days=st.integers(0, 30))
    def accept(self, side: str, days: int) -> None:
        assert self.open is not None
        on = self.today + timedelta(days=days)
        done = self.act(self.county(side), "accept", effective_on=on.isoformat())
        if self.open["effective_on"] is not None:
            assert done == 409
        elif side == self.open["by"]:
            assert done == 403
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
            days = {BEGUN, self.today, self.today + timedelta(days=400), *turns}
            days |= {day - timedelta(days=1) for day in turns}
            for day in sorted(days):
                assert await responsible(city, self.child, day) == self.owner(day), day
                said = [
                    await responsible(await civil(self.registry, county), self.child, day)
                    for county in COUNTIES
                ]
                assert {one for one in said if one is not None} <= {self.owner(day)}
            assert await responsible(city, self.twin) == YUZHONG

        self.run(ask())

    @invariant()
    def both_counties_see_what_is_open(self) -> None:
        if not hasattr(self, "twin"):
            return

        async def ask() -> None:
            due = not self.gone and self.lives != self.owner(self.today)
            state = "due" if due else None
            if self.open is not None:
                state = "accepted" if self.open["effective_on"] else "proposed"
            for county in COUNTIES:
                rows = await listed(await civil(self.registry, county))
                mine = [one["state"] for one in rows if one["child"] == str(self.child)]
                assert mine == ([state] if state else []), county

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
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
