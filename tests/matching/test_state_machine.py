"""Whatever happens in whatever order, who is whom stays whole: pushes, edits, recalls, erasures, rulings and their
withdrawals, other models and other keys, on the real linker over a real PostgreSQL.
"""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Coroutine, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
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

from services.matching import proving
from services.matching.linkage.decisions import Ruling
from services.matching.linkage.identities import founded_by
from services.matching.linkage.normalization import Features, standardise
from services.matching.links.grades import Grade
from services.matching.links.reading import Readings
from services.matching.models import shipped
from services.matching.persons import agreeing
from services.matching.previews.applying import CannotApply
from services.matching.previews.previewing import CannotPreview, Previewed
from shared.database import SYSTEM
from shared.problems import Conflict
from tests.databases import Cluster
from tests.matching.children import FAMILY, FATHER_ID, ID, MODEL, TWIN_ID
from tests.matching.linkers import LinkedHub, model_with

Result = TypeVar("Result")
EXAMPLES = int(os.environ.get("HUTONG_EXAMPLES", "15"))

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "sex": "male"}
FEATURES = st.fixed_dictionaries(
    {"name": st.sampled_from(["张志明", "章智明", "张志红", "张丽娜", "王芳", "张某", ""])},
    optional={
        "id_number": st.sampled_from([ID, TWIN_ID, FATHER_ID, ID[:-1] + "0"]),
        "birth_date": st.sampled_from(["2015-03-07", "2015-07-03", "2012-09-30"]),
        "sex": st.sampled_from(["male", "female"]),
        "guardians": st.sampled_from([FAMILY["guardians"], [{"name": "李梅"}]]),
        "phone": st.sampled_from(["13908123457", "13908123456"]),
        "hukou_division": st.sampled_from(["520502", "500103"]),
        "school": st.sampled_from(["人和街小学", "一中"]),
        "listed": st.sampled_from([[7, 8], [8, 9]]),
    },
)
NUMBERS = st.integers(1, 9)
#: Under which somebody may be found, or nobody.
LOOKED_UNDER = [
    standardise(CHILD | FAMILY | {"name": name, "birth_date": day, "id_number": number})
    for name, day, number in product(
        ["张志明", "章智明", "张丽娜", "王芳"], ["2015-03-07", "2012-09-30"], [ID, TWIN_ID, None]
    )
]
#: So few that some key always finds too many.
CAP = 1
#: The shipped model, a stricter one, and one that blocks by other rules.
MODELS = (
    shipped.text(),
    model_with(certain=MODEL.certain + 8),
    model_with(blocking=MODEL.blocking[:-2]),
)


class Hub(RuleBasedStateMachine):
    """``said`` is what the live entries say: the version and features of each number."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self.cluster = cluster
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory(prefix="hutong-machine-")
        self.said: dict[int, Features] = {}
        self.versions: dict[int, int] = {}
        self.erased: set[int] = set()
        self.rulings: dict[UUID, Ruling] = {}
        self.made = 0
        self.previewed: Previewed | None = None
        self.reader: asyncpg.Connection[Any] | None = None
        self.readings: Readings | None = None

    def run(self, act: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(act)

    @initialize()
    def start(self) -> None:
        async def make() -> LinkedHub:
            self.database, urls = await self.cluster.copy("matching")
            self.reader = await asyncpg.connect(urls.app)
            return LinkedHub.make(Path(self.folder.name), urls)

        self.hub = self.run(make())

    def teardown(self) -> None:
        async def end() -> None:
            await self.hub.close()
            if self.reader is not None:
                await self.reader.close()
            await self.cluster.drop(self.database)

        if hasattr(self, "hub"):
            self.run(end())
        self.runner.close()
        self.folder.cleanup()

    # What departments do

    @rule(batch=st.dictionaries(NUMBERS, FEATURES, min_size=1, max_size=4))
    def push(self, batch: dict[int, Features]) -> None:
        """New entries, newer versions of known ones, and erased ones, which stay erased."""
        items = []
        for number, features in batch.items():
            self.versions[number] = self.versions.get(number, 0) + 1
            items.append((number, self.versions[number], features))
        self.run(self.hub.push(*items))
        self.said |= {n: features for n, features in batch.items() if n not in self.erased}

    @precondition(lambda self: self.said)
    @rule(data=st.data(), features=FEATURES)
    def push_late(self, data: st.DataObject, features: Features) -> None:
        """A version that is not newer changes nothing."""
        number = data.draw(st.sampled_from(sorted(self.said)))
        before = self.links()
        self.run(self.hub.push((number, self.versions[number], features)))
        assert self.links() == before

    @precondition(lambda self: self.said)
    @rule(data=st.data(), erased=st.booleans())
    def retract(self, data: st.DataObject, erased: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.said)))
        self.run(self.hub.retract(number, erased=erased))
        del self.said[number]
        if erased:
            self.erased.add(number)

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def search(self, data: st.DataObject) -> None:
        """Whoever says something is found by it, whatever keys and models are on their way."""
        number = data.draw(st.sampled_from(sorted(self.said)))
        features = self.said[number]
        if "id_number" in features and features.get("name"):
            person = self.links()[UUID(int=number)]
            assert person in self.run(self.hub.search(features))

    @rule()
    def look_ahead(self) -> None:
        """A batch looks around, long before it is its turn."""

        async def look() -> Readings:
            self.strongroom = strongroom = self.hub.following.linker.strongroom
            readings = self.new_readings()
            await readings.begin()
            await readings.under(
                sorted({key for said in LOOKED_UNDER for key in strongroom.keys_of(said)}), CAP
            )
            await self._open(readings, [founded_by(UUID(int=number)) for number in range(1, 10)])
            return readings

        self.readings = self.run(look())

    def new_readings(self) -> Readings:
        assert self.reader is not None
        return Readings(self.reader, self.strongroom)

    @staticmethod
    async def _open(readings: Readings, persons: Sequence[UUID]) -> None:
        for row in await readings.read(persons):
            readings.open(row)

    # What people decide

    @precondition(lambda self: len(self.said) > 1)
    @rule(data=st.data(), same=st.booleans())
    def rule_on(self, data: st.DataObject, same: bool) -> None:
        chosen = data.draw(
            st.lists(st.sampled_from(sorted(self.said)), min_size=2, max_size=4, unique=True)
        )
        self.made += 1
        ruling = Ruling(
            UUID(int=1000 + self.made),
            same,
            frozenset({UUID(int=chosen[0])}),
            frozenset(UUID(int=n) for n in chosen[1:]),
        )
        before = self.links()
        try:
            self.run(self.hub.rule(ruling))
        except Conflict:
            assert self.links() == before
        else:
            self.rulings[ruling.ruling] = ruling

    @precondition(lambda self: self.rulings)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        ruling = data.draw(st.sampled_from(sorted(self.rulings)))
        del self.rulings[ruling]
        self.run(self.hub.withdraw(ruling))

    # What operators do

    @rule(text=st.sampled_from(MODELS))
    def preview(self, text: bytes) -> None:
        before = self.links()
        version = self.run(self.hub.register(text))
        with contextlib.suppress(CannotPreview):
            self.previewed = self.run(self.hub.preview(version))
        assert self.links() == before

    @precondition(lambda self: self.previewed)
    @rule()
    def apply(self) -> None:
        """What was previewed is made, or nothing is."""
        previewed, self.previewed = self.previewed, None
        assert previewed is not None
        before = self.links()
        try:
            self.run(self.hub.apply(previewed))
        except (CannotApply, CannotPreview):
            assert self.links() == before
        else:
            assert self.links() == before | previewed.changes.moved
            assert self.run(self.hub.active()) == previewed.preview.rule_version

    @rule()
    def step_of_rekeying(self) -> None:
        """One step, as if the command had been killed after it."""

        async def step() -> None:
            rekeying = self.hub.rekeying()
            if await rekeying.is_begun():
                async with contextlib.aclosing(rekeying.steps()) as steps:
                    await anext(steps, None)
            else:
                await rekeying.begin(await rekeying.add_key())

        self.run(step())

    # What always holds

    def links(self) -> dict[UUID, UUID]:
        rows = self.run(self.hub.rows("SELECT entry, person FROM entries WHERE person IS NOT NULL"))
        return {row["entry"]: row["person"] for row in rows}

    @invariant()
    def every_live_entry_has_one_person_that_says_what_it_says(self) -> None:
        assert self.links().keys() == {UUID(int=number) for number in self.said}
        assert self.run(self._faults()) == []

    async def _faults(self) -> list[str]:
        async with self.hub.owner.snapshot(SYSTEM) as session:
            linker = await self.hub.another_process().current(session)
            found = [fault async for fault in proving.faults_of(session, linker.strongroom)]
            return found + [f async for f in agreeing.faults_of(session, self.hub.keys, MODEL)]

    @invariant()
    def what_was_read_ahead_and_not_touched_since_is_as_it_stands(self) -> None:
        if (ahead := self.readings) is None:
            return

        async def read_again() -> Readings:
            await ahead.forget_touched()
            again = self.new_readings()
            await again.under(list(ahead.found), CAP)
            await self._open(again, list(ahead.persons))
            return again

        now = self.run(read_again())
        assert ahead.found == now.found
        assert _told(ahead) == _told(now)

    @invariant()
    def rulings_hold(self) -> None:
        links = self.links()
        for ruling in self.rulings.values():
            one, other = (
                {links[e] for e in side if e in links} for side in (ruling.one, ruling.other)
            )
            assert len(one | other) <= 1 if ruling.same else one.isdisjoint(other)

    @invariant()
    def reviews_are_between_two_living_persons(self) -> None:
        rows = self.run(self.hub.rows("SELECT one, other FROM reviews WHERE closed_at IS NULL"))
        living = set(self.links().values())
        assert all(row["one"] != row["other"] for row in rows)
        assert {person for row in rows for person in row} <= living

    @invariant()
    def changes_in_order_give_the_links(self) -> None:
        rows = self.run(
            self.hub.rows(
                "SELECT link_seq, entry, person, grade FROM link_changes ORDER BY link_seq"
            )
        )
        assert [row["link_seq"] for row in rows] == list(range(1, len(rows) + 1))
        told = {row["entry"]: (row["person"], row["grade"]) for row in rows}
        assert {entry: person for entry, (person, _) in told.items() if person} == self.links()
        gone = {entry.int for entry, (_, grade) in told.items() if grade == Grade.ERASED}
        assert gone == self.erased


def _told(readings: Readings) -> dict[UUID, Any]:
    """All that a batch knows of the persons it has read."""
    return {
        person: found and (found.document, found.keys, found.doubtful, readings.keys[person])
        for person, found in readings.persons.items()
    }


def test_whatever_happens_who_is_whom_stays_whole(cluster: Cluster) -> None:
    run_state_machine_as_test(
        partial(Hub, cluster),  # type: ignore[arg-type]
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            suppress_health_check=list(HealthCheck),
        ),
    )
