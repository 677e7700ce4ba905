"""What happens in places, and is told of them: posts, survey rounds, rosters, calendars, placements; for the machine of two times.

``addresses`` are those that tell of a place, each with who asks: a city's civil affairs, for key care or for a survey.
"""

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from shared.clock import today
from tests.registry.conftest import Registry
from tests.registry.test_posts import act as act_on_post
from tests.registry.test_posts import made as post_made
from tests.registry.test_rosters import answered, rows
from tests.registry.test_rosters import made as roster_made
from tests.registry.test_survey_rounds import opened as round_opened

Result = TypeVar("Result")
COUNTY, STREET, VILLAGE = "500103", "500103001000", "500103001001"
Address = tuple[httpx.AsyncClient, str, dict[str, Any]]
#: Amended together with the machine's other rules: a survey's blocks and clause, and a lesson that schools owe.
RULES = """
[[rules.cadence]]
duty = "survey"
population = "migrant"
wording = "示例"
clause = "{clause}"
valid_from = 2020-01-01
period = {{ unit = "month", count = {months} }}
performers = ["child_director"]
[[rules.cadence]]
duty = "law_lesson"
level = "school"
population = "enrolled"
wording = "示例"
clause = "{clause}"
valid_from = 2020-01-01
period = {{ unit = "semester" }}
performers = ["school"]
[[rules.cadence]]
duty = "screening"
population = "enrolled"
wording = "示例"
clause = "{clause}"
valid_from = 2020-01-01
period = {{ unit = "month", count = {months} }}
performers = ["school"]
[[rules.survey_round]]
clause = "{clause}"
wording = "示例"
valid_from = 2020-01-01
lead = "civil_affairs"
helpers = ["child_director"]
channels = ["home_visit"]
contractors = "not_configured"
blocks = ["child"]
"""


async def listed(
    client: httpx.AsyncClient, path: str, name: str, **asked: Any
) -> list[dict[str, Any]]:
    reply = await client.get(path, params=asked)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()[name]
    return found


class Places(RuleBasedStateMachine):
    """``city`` asks for key care, ``surveyor`` for a survey; ``county`` has the child for a resident at first."""

    registry: Registry
    city: httpx.AsyncClient
    surveyor: httpx.AsyncClient
    county: httpx.AsyncClient
    child: UUID

    def run(self, act: Coroutine[Any, Any, Result]) -> Result:
        raise NotImplementedError

    async def people_of_places(self) -> None:
        self.surveyor = await self.registry("civil_affairs:50", purpose="survey", actor="staff-3")
        self.county = await self.registry(f"civil_affairs:{COUNTY}", actor="staff-4")
        await post_made(self.city, "child_director", VILLAGE)

    # What happens

    @rule(
        what=st.sampled_from(["make", "fill", "fill", "vacate", "train"]), back=st.integers(0, 40)
    )
    def a_post_changes_hands(self, what: str, back: int) -> None:
        """Told of late: it was so many days ago."""

        async def go() -> None:
            posts = await listed(self.city, "/v1/posts", "posts")
            if what == "make":
                if len(posts) < 3:
                    kind = ("child_director", "child_supervisor")[len(posts) % 2]
                    place = (VILLAGE, STREET)[len(posts) % 2]
                    await post_made(self.city, kind, place, seat=len(posts) + 1)
                return
            on = (today(self.registry.clock) - timedelta(days=back)).isoformat()
            path = f"/v1/posts/{posts[back % len(posts)]['id']}"
            body: dict[str, Any] = {
                "fill": {"staff": f"cd-{back % 3}", "on": on},
                "vacate": {"on": on, "reason": "transferred"},
                "train": {"held_on": on, "topic": "basics", "hours": 8},
            }[what]
            kind = "trainings" if what == "train" else what
            reply = await act_on_post(self.city, path, kind, **body)
            assert reply.status_code in (200, 409), reply.text

        self.run(go())

    @rule(ahead=st.sampled_from([-10, 0, 40]))
    def a_round_is_opened(self, ahead: int) -> None:
        day = today(self.registry.clock) + timedelta(days=ahead)
        reply = self.run(round_opened(self.county, opens_on=day.isoformat()))
        assert reply.status_code in (201, 409, 422), reply.text

    @rule()
    def a_round_is_withdrawn(self) -> None:
        async def go() -> None:
            for one in await listed(self.county, "/v1/survey-rounds", "rounds"):
                if one["state"] != "withdrawn":
                    path = f"/v1/survey-rounds/{one['id']}/withdrawal"
                    reply = await self.county.post(path, headers={"If-Match": '"1"'})
                    assert reply.status_code == 200, reply.text
                    return

        self.run(go())

    @rule()
    def an_activity_is_reported(self) -> None:
        async def go() -> None:
            on = today(self.registry.clock).isoformat()
            body = {"duty": "law_lesson", "division": COUNTY, "school": "示例小学", "done_on": on}
            key = {"Idempotency-Key": str(uuid4())}
            reply = await self.county.post("/v1/calendar-duties", json=body, headers=key)
            assert reply.status_code in (201, 409), reply.text

        self.run(go())

    @rule(what=st.sampled_from(["make", "read", "accepted", "refused", "receive"]))
    def a_roster_goes_out_and_comes_back(self, what: str) -> None:
        async def go() -> None:
            rosters = await listed(self.surveyor, "/v1/rosters", "rosters")
            if what == "make":
                await roster_made(self.surveyor, kind="national_system", division=COUNTY)
                return
            for one in rosters[-1:]:
                lines = await rows(self.surveyor, one)
                if what == "receive":
                    whole = (await self.surveyor.get(f"/v1/rosters/{one['id']}")).json()
                    body = {"sha256": whole["readings"][-1]["sha256"]}
                    reader = await self.registry("civil_affairs:50", purpose="survey", actor="s-5")
                    await rows(reader, one)
                    reply = await reader.post(f"/v1/rosters/{one['id']}/receipts", json=body)
                    assert reply.status_code == 200, reply.text
                elif what != "read" and lines:
                    verdict = {"row": lines[0]["row"], "verdict": what}
                    more = {} if what == "accepted" else {"reason": "unknown"}
                    await answered(self.surveyor, one, {**verdict, **more})

        self.run(go())

    @rule(what=st.sampled_from(["review", "end"]))
    def a_placement_is_acted_upon(self, what: str) -> None:
        async def go() -> None:
            for one in await listed(self.city, "/v1/placements", "placements"):
                path = f"/v1/placements/{one['id']}"
                etag = (await self.city.get(path)).headers["ETag"]
                body = {"act": what, "done_on": today(self.registry.clock).isoformat()}
                reply = await self.city.post(f"{path}/acts", json=body, headers={"If-Match": etag})
                assert reply.status_code in (200, 409), reply.text

        self.run(go())

    # What is told

    async def addresses_of_places(self) -> list[Address]:
        found: list[Address] = [
            (self.city, "/v1/posts", {}),
            (self.city, "/v1/posts", {"vacant": "true", "within": STREET}),
            (self.city, "/v1/posts/coverage", {"by": "village"}),
            (self.city, "/v1/placements", {}),
            (self.city, "/v1/duties/completion", {}),
            (self.city, "/v1/duties/completion", {"by": "township", "within": COUNTY}),
            (self.city, "/v1/duties/schools", {"duty": "screening"}),
            (self.city, "/v1/calendar-duties", {"within": COUNTY}),
            (self.city, "/v1/survey-rounds", {}),
            (self.surveyor, "/v1/rosters", {}),
        ]
        for client, path, name in (
            (self.city, "/v1/posts", "posts"),
            (self.city, "/v1/placements", "placements"),
            (self.city, "/v1/survey-rounds", "rounds"),
            (self.surveyor, "/v1/rosters", "rosters"),
        ):
            for one in await listed(client, path, name):
                found.append((client, f"{path}/{one['id']}", {}))
                if name == "rounds" and one["state"] != "withdrawn":
                    found.append((client, f"{path}/{one['id']}/completion", {"by": "village"}))
                    found.append((client, f"{path}/{one['id']}/children", {}))
        return found
