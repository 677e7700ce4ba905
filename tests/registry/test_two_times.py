"""Whatever comes, is corrected, recalled, decided, done, ruled or amended: what the hub answered once it answers again when it
is asked for what it knew then.

Cast: the *child* lives in a city whose civil affairs asks; the *stray* is another child, for whom some of its entries are
taken for a while.  After each step every address that tells of the child, or of the place (``places_in_time``), is read and
kept; later each is asked again with ``known_at`` that moment.  Real app, real PostgreSQL.
"""

import asyncio
import itertools
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from services.registry.children import queueing
from services.registry.profiles import SHIPPED, Profiles
from services.registry.rulebooks import adopting
from shared.clock import today
from shared.database import SYSTEM, raw
from tests.databases import Cluster
from tests.registry.conftest import FixedClock, serve
from tests.registry.handing import JIULONGPO, acted, moved, next_day, proposed
from tests.registry.key_care import YUZHONG, decide, fold, link, opened, push, survey
from tests.registry.places_in_time import RULES, VILLAGE, Address, Places
from tests.registry.test_alerts import act, bill
from tests.registry.test_assessments import assessment, placement, post
from tests.registry.test_cases import opened as case_opened
from tests.registry.test_duties import visit

Result = TypeVar("Result")
EXAMPLES = int(os.environ.get("HUTONG_EXAMPLES", "5"))
CITY = "civil_affairs:50"
STATES = ("due", "proposed", "accepted", "passed", "rejected", "revoked", "lapsed")
AMENDMENT = """
id = "chongqing-own"
amends = "chongqing"
[documents.main]
name = "chongqing"
valid_from = 2020-01-01
valid_until = "not_configured"
[[rules.cadence]]
duty = "key_care_home_visit"
population = "key_care"
wording = "示例"
clause = "{clause}"
valid_from = 2020-01-01
period = {{ unit = "month", count = {months} }}
performers = ["child_director"]
[[rules.report]]
event = "lives_alone"
reporter = "village_committee"
to = "police"
urgency = "immediately"
wording = "示例"
clause = "{clause}"
valid_from = 2020-01-01
reply_hours = {months}
[[rules.guardianship]]
measure = "capacity_assessment"
population = "migrant"
performers = ["protection_institution"]
wording = "示例"
clause = "{clause}"
valid_from = 2020-01-01
review_days = {months}
"""
AMENDMENT += RULES
#: Lists that leave out what rests on what is told of another child today, whom the caller does not see.
NAMING = ("/v1/handovers", "/v1/placements", "/v1/survey-rounds/")


def plain(reply: httpx.Response) -> tuple[int, Any]:
    """What was answered, without what is declared to differ."""
    body = reply.json()
    if reply.status_code != 200:
        return reply.status_code, None
    child = body.get("child")
    for one in (body, child if isinstance(child, dict) else {}):
        for name in ("as_of", "siblings"):
            one.pop(name, None)
    return 200, body


class TwoTimes(Places):
    """``kept``: by moment, what each address answered."""

    def __init__(self, cluster: Cluster, home: Path) -> None:
        super().__init__()
        self.cluster, self.home = cluster, home
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.kept: list[tuple[datetime, Address, tuple[int, Any], bytes]] = []
        self.numbers = itertools.count(1)
        self.items: list[tuple[str, str, dict[str, Any], UUID]] = []
        self.places = itertools.cycle((JIULONGPO, YUZHONG))

    def run(self, act: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(act)

    @initialize()
    def start(self) -> None:
        async def make() -> None:
            self.database, urls = await self.cluster.copy("registry")
            self.registry = await serve(urls, self.home, FixedClock(), self.stack)
            self.folder = Path(self.stack.enter_context(TemporaryDirectory()))
            self.child, self.stray = uuid4(), uuid4()
            await self.adopt()
            self.city = await self.registry(CITY)
            self.police = await self.registry("police:50", purpose="service")
            await self.people_of_places()
            home = {"division": VILLAGE, "since": "2025-06-01"}
            await self.told("civil_affairs:500103", "surveys", survey(residence=home))

        self.run(make())

    def teardown(self) -> None:
        async def end() -> None:
            await self.stack.aclose()
            await self.cluster.drop(self.database)

        if hasattr(self, "database"):
            try:
                self.what_was_answered_is_answered_again(len(self.kept))
            finally:
                self.run(end())
        self.runner.close()

    async def adopt(self) -> None:
        kit = self.registry.app.state.kit
        async with self.registry.database.transaction(SYSTEM) as session:
            connection = await raw(session)
            now = self.registry.clock.now()
            await adopting.adopt(connection, kit.audit, kit.profiles, now)
            rows = await connection.fetch("SELECT id FROM children")
            await queueing.queue(connection, [row["id"] for row in rows])
        await fold(self.registry)

    async def told(self, who: str, feed: str, item: dict[str, Any]) -> None:
        (record,) = await push(self.registry, who, feed, item)
        await link(self.registry, [record], [self.child])
        self.items.append((who, feed, item, record))

    def later(self) -> None:
        self.registry.clock.at += timedelta(minutes=7)

    # What happens

    @rule(days=st.integers(1, 100))
    def time_goes_by(self, days: int) -> None:
        self.run(next_day(self.registry, today(self.registry.clock) + timedelta(days=days)))

    @rule(what=st.sampled_from(["survey", "visit", "bill", "enrolment"]))
    def something_is_reported(self, what: str) -> None:
        day = today(self.registry.clock).isoformat()
        made: dict[str, tuple[str, str, dict[str, Any]]] = {
            "survey": ("civil_affairs:500103", "surveys", survey(observed_on=day)),
            "visit": ("civil_affairs:500103", "visits", visit(observed_on=day, visited_on=day)),
            "bill": ("medical_insurance:500103", "medical-cost-alerts", bill(observed_on=day)),
            "enrolment": (
                "education:500103",
                "enrolments",
                {
                    **{
                        name: value
                        for name, value in survey().items()
                        if name in ("child", "hukou", "residence", "version", "division")
                    },
                    "source_id": f"E-times-{next(self.numbers)}",
                    "observed_on": day,
                    "event": "enrolled",
                    "on": "2025-09-01",
                    "stage": "primary",
                    "school_name": "示例小学",
                },
            ),
        }
        self.run(self.told(*made[what]))

    @rule(at=st.integers(0, 30), since=st.sampled_from(["2025-06-01", "2025-11-01", "2024-01-01"]))
    def something_is_corrected(self, at: int, since: str) -> None:
        number = at % len(self.items)
        who, feed, item, _ = self.items[number]
        newer = {**item, "version": item["version"] + 1}
        newer["child"] = {**item["child"], "name": f"示改{next(self.numbers)}"}
        if "residence" in item:
            newer["residence"] = {**item["residence"], "since": since}

        async def correct() -> None:
            (record,) = await push(self.registry, who, feed, newer)
            await link(self.registry, [record], [self.child])
            self.items[number] = (who, feed, newer, record)

        self.run(correct())

    @rule(at=st.integers(1, 30))
    def something_is_recalled(self, at: int) -> None:
        if len(self.items) < 2:
            return
        who, feed, item, _ = self.items.pop(1 + at % (len(self.items) - 1))

        async def recall() -> None:
            client = await self.registry(who)
            body = {"source_ids": [item["source_id"]]}
            assert (await client.post(f"/v1/{feed}/recalls", json=body)).status_code in (200, 207)
            async with self.registry.database.transaction(SYSTEM) as session:
                await queueing.queue(await raw(session), [self.child])
            await fold(self.registry)

        self.run(recall())

    @rule(at=st.integers(1, 30), back=st.booleans())
    def an_entry_is_taken_for_the_strays(self, at: int, back: bool) -> None:
        """And, unless it stays there, for the child's again."""
        if len(self.items) < 2:
            return
        *_, record = self.items[1 + at % (len(self.items) - 1)]
        self.run(link(self.registry, [record], [self.child if back else self.stray]))

    @rule(kind=st.sampled_from(["confirm", "refuse", "close"]))
    def key_care_is_decided(self, kind: str) -> None:
        async def go() -> None:
            for one in await self.listed("/v1/key-care", "entries"):
                if one["state"] != "refused":
                    await decide(self.city, f"/v1/key-care/{one['id']}", kind)

        self.run(go())

    @rule()
    def key_care_is_opened_by_hand(self) -> None:
        async def go() -> None:
            held = {one["category"] for one in await self.listed("/v1/key-care", "entries")}
            if "vagrancy" not in held:
                await opened(self.city, self.child)

        self.run(go())

    @rule(kind=st.sampled_from(["acknowledge", "handle"]))
    def an_alert_is_acted_upon(self, kind: str) -> None:
        more = {"outcome": "helped"} if kind == "handle" else {}

        async def go() -> None:
            for one in await self.listed("/v1/alerts", "alerts", waiting=True):
                await act(self.city, one["id"], kind, **more)

        self.run(go())

    @rule()
    def a_case_is_opened(self) -> None:
        self.run(case_opened(self.city, child_id=str(self.child), child=None, place=YUZHONG))

    @rule(kind=st.sampled_from(["receive", "answer", "follow_up"]))
    def police_act_in_cases(self, kind: str) -> None:
        more = {"outcome": "unfounded"} if kind == "answer" else {"note": "已派员"}

        async def go() -> None:
            for one in await self.listed("/v1/cases", "cases"):
                await acted(self.police, f"/v1/cases/{one['id']}", kind, **more)

        self.run(go())

    @rule()
    def guardianship_is_assessed(self) -> None:
        day = today(self.registry.clock).isoformat()
        made = assessment(self.child, "weak")
        placed = placement(self.child, basis="guardian_consent")
        for path, body in (("assessments", {**made, "assessed_on": day}), ("placements", placed)):
            assert self.run(post(self.city, path, **body)).status_code == 201

    @rule()
    def the_child_moves(self) -> None:
        day = today(self.registry.clock)
        self.run(moved(self.registry, self.child, next(self.places), day))

    @rule(answer=st.sampled_from(["accept", "reject"]))
    def its_file_is_handed_over(self, answer: str) -> None:
        async def go() -> None:
            for one in await self.listed("/v1/handovers", "handovers"):
                if one["state"] == "due":
                    giving = await self.registry(f"civil_affairs:{one['giving'][:6]}")
                    await proposed(giving, self.child, one["taking"])
                elif one["state"] == "proposed":
                    who = f"civil_affairs:{one['taking'][:6]}"
                    taking = await self.registry(who, actor="staff-8")
                    day = today(self.registry.clock) + timedelta(days=3)
                    more = (
                        {"effective_on": day.isoformat()}
                        if answer == "accept"
                        else {"reason": "does_not_live_here"}
                    )
                    await acted(taking, f"/v1/handovers/{one['id']}", answer, **more)

        self.run(go())

    @rule(months=st.integers(1, 3))
    def a_rule_is_amended_and_dated_back(self, months: int) -> None:
        text = AMENDMENT.format(clause=f"新{next(self.numbers)}", months=months)
        (self.folder / "chongqing.toml").write_text(text, encoding="utf-8")
        kit = self.registry.app.state.kit
        object.__setattr__(kit, "profiles", Profiles.load(SHIPPED, self.folder))
        self.run(self.adopt())

    # What holds

    async def listed(self, path: str, name: str, **more: Any) -> list[dict[str, Any]]:
        about = {} if path == "/v1/cases" else {"child": str(self.child)}
        reply = await self.city.get(path, params={**about, **more})
        assert reply.status_code == 200, reply.text
        found: list[dict[str, Any]] = reply.json()[name]
        return found

    async def addresses(self) -> list[Address]:
        about = {"child": str(self.child)}
        alike = [
            (f"/v1/children/{self.child}", {}),
            (f"/v1/children/{self.child}/dossier", {"limit": 500}),
            (f"/v1/children/{self.child}/guardianship", {}),
            (f"/v1/children/{self.child}/responsible-county", {}),
            ("/v1/alerts", about),
            ("/v1/duties", about),
            ("/v1/key-care", about),
            ("/v1/cases", {}),
            ("/v1/handovers", {**about, "state": STATES}),
        ]
        for path, name in (
            ("/v1/alerts", "alerts"),
            ("/v1/key-care", "entries"),
            ("/v1/cases", "cases"),
            ("/v1/handovers", "handovers"),
        ):
            alike += [(f"{path}/{one['id']}", {}) for one in await self.listed(path, name)]
        return [(self.city, *one) for one in alike] + await self.addresses_of_places()

    @invariant()
    def what_is_answered_is_kept(self) -> None:
        if not hasattr(self, "city"):
            return

        async def keep() -> None:
            self.later()
            for address in await self.addresses():
                who, path, asked = address
                reply = await who.get(path, params=asked)
                self.kept.append((self.registry.clock.at, address, plain(reply), reply.content))
            self.later()

        self.run(keep())

    @rule(share=st.integers(5, 20))
    def what_was_answered_is_answered_again(self, share: int) -> None:
        async def ask() -> None:
            step = max(1, len(self.kept) // share)
            stray = await self.city.get(f"/v1/children/{self.stray}")
            for moment, (who, path, asked), then, content in self.kept[::step]:
                of_one = path.count("/") == 3 and not path.startswith("/v1/children")
                if of_one and (await who.get(path)).status_code == 404:
                    continue  # what stands no more is told by the child's own lists
                reply = await who.get(path, params={**asked, "known_at": moment.isoformat()})
                if stray.status_code == 404 and (
                    reply.status_code == 404 or path.startswith(NAMING)
                ):
                    continue  # it rests on what is told of another child today, whom the caller does not see
                assert plain(reply) == then, (moment, path, asked)
                if then[0] == 200 and path.startswith(("/v1/cases/", "/v1/key-care", "/v1/alerts")):
                    assert reply.content == content, (moment, path)

        self.run(ask())


def test_r17_what_was_known_at_an_instant_is_answered_alike_ever_after(
    cluster: Cluster, home: Path
) -> None:
    run_state_machine_as_test(
        partial(TwoTimes, cluster, home),  # type: ignore[arg-type]
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=14,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
