"""A child's file passes from a county of one hub to a county of another: on the day that was accepted, in both registries.

Both hubs are whole: registry, matching and notifications with their workers, each with its own keys and databases.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.notifications.notices.models import Notice
from services.notifications.notices.states import Outcome
from services.notifications.peers import taking
from services.notifications.peers.schemas import PeerAnswerData
from shared.clock import today
from shared.problems import Invalid
from shared.vocabulary import Department, Scope
from tests.notifications.conftest import MakeHub
from tests.notifications.hubs import OFFICIAL, START, Hub, new_key, settle
from tests.notifications.test_two_hubs import enrolment

HOME, NEXT, HUKOU = "500103000000", "371721000000", "500233000000"
#: By what each hub knows before they have agreed on anything: a school of Cao had told its hub of the child.
BEFORE = (HOME, NEXT)
HANDING = (*OFFICIAL, Scope.HANDOVERS_READ, Scope.HANDOVERS_WRITE)


@dataclass
class Counties:
    """Civil affairs of the county that has the child's file, and of the one in another hub that is to take it."""

    chongqing: Hub
    heze: Hub
    giving: httpx.AsyncClient
    taking: httpx.AsyncClient
    registry: httpx.AsyncClient
    """The taking county, at its own registry."""
    desk: httpx.AsyncClient
    """The giving county, at its own notices."""
    city: httpx.AsyncClient
    """Civil affairs of the giving hub's whole area: it sees the child by its hukou, whoever has the file."""

    async def settle(self) -> None:
        await settle(self.chongqing, self.heze)

    async def days_pass(self, days: int) -> None:
        self.chongqing.clock.pass_by(days=days)
        if self.heze.clock is not self.chongqing.clock:
            self.heze.clock.pass_by(days=days)
        for hub in (self.chongqing, self.heze):
            await hub.registry_worker.sweep()
        await self.settle()

    @property
    def today(self) -> date:
        return today(self.chongqing.clock)

    async def propose(self, to: str = NEXT) -> httpx.Response:
        (child,) = await self.chongqing.rows("SELECT id FROM children", service="registry")
        reply = await self.giving.post(
            "/v1/handovers",
            json={"child_id": str(child["id"]), "to": to, "reason": "moved"},
            headers=new_key(),
        )
        await self.settle()
        return reply

    async def received(self) -> dict[str, Any]:
        listed = await self.taking.get(
            "/v1/notices", params={"direction": "incoming", "kind": "handover"}
        )
        (*_, notice) = listed.json()["notices"]
        found: dict[str, Any] = notice
        return found

    async def answer(self, **said: Any) -> httpx.Response:
        notice = await self.received()
        reply = await self.taking.post(f"/v1/notices/{notice['id']}/answer", json=said)
        await self.settle()
        return reply

    async def state(self) -> str:
        (row,) = await self.chongqing.rows(
            "SELECT state FROM handovers WHERE acts > 0 ORDER BY id DESC LIMIT 1",
            service="registry",
        )
        return str(row["state"])

    async def both_states(self) -> tuple[str, str]:
        """Of the newest handover on which somebody acted, at the giving hub and at the taking one."""
        said = "SELECT state FROM handovers WHERE acts > 0 ORDER BY id DESC LIMIT 1"
        (here,), (there,) = [
            await hub.rows(said, service="registry") for hub in (self.chongqing, self.heze)
        ]
        return str(here["state"]), str(there["state"])

    async def responsible(self, on: date) -> tuple[str, str]:
        """Who answers for the child on a day, as either hub has it."""
        said = []
        for hub, who in ((self.chongqing, self.city), (self.heze, self.registry)):
            rows = await hub.rows("SELECT id FROM children", service="registry")
            (child,) = rows
            path = f"/v1/children/{child['id']}/responsible-county"
            reply = await who.get(path, params={"on": on.isoformat()})
            assert reply.status_code == 200, reply.text
            said.append(str(reply.json()["division"]))
        return said[0], said[1]


@pytest.fixture
async def counties(make_hub: MakeHub) -> Counties:
    """A child whose hukou is in Zhong lived in Yuzhong; a school of Cao has it now, and Yuzhong has heard."""
    return await between(make_hub, HOME)


async def between(make_hub: MakeHub, home: str) -> Counties:
    """The same, of a child that lived in another county of Chongqing's hub."""
    chongqing = await make_hub("chongqing", "50", whole=True)
    heze = await make_hub("heze", "3717", whole=True)
    await chongqing.know(heze)
    await heze.know(chongqing)
    place = home[:6]
    await heze.authority("曹县民政局", "371721", "civil-371721")
    await chongqing.authority("示例区民政局", place, "civil-5001")
    school = await chongqing.official("school", place, Department.EDUCATION, service="registry")
    there = await heze.official("school", "371721", Department.EDUCATION, service="registry")
    giving = await chongqing.official("civil-5001", place, service="registry", scopes=HANDING)
    desk = await chongqing.official("civil-5001", place, scopes=HANDING)
    taking = await heze.official("civil-371721", "371721", scopes=HANDING)
    registry = await heze.official("civil-371721", "371721", service="registry", scopes=HANDING)
    city = await chongqing.official("civil-50", "50", service="registry", scopes=HANDING)
    police = await chongqing.official("police", place, Department.POLICE, service="registry")
    lived: dict[str, Any] = {"division": home, "since": "2026-01-01"}
    was = {"division": home, "hukou": {"division": HUKOU}, "residence": lived}
    told = await school.post("/v1/enrolments", json=[enrolment(**was)])
    assert told.json()["results"][0]["status"] == "created", told.text
    permit = {k: v for k, v in enrolment(**was).items() if k not in ("event", "on", "stage")}
    permit |= {"event": "registered", "role": "accompanying", "registered_on": "2026-01-01"}
    told = await police.post("/v1/residence-permits", json=[permit])
    assert told.json()["results"][0]["status"] == "created", told.text
    await settle(chongqing, heze)
    lives = {"division": NEXT, "since": "2026-11-10"}
    moved = {"division": NEXT, "hukou": {"division": HUKOU}, "residence": lives, "on": "2026-11-10"}
    await there.post("/v1/enrolments", json=[enrolment(**moved)])
    await settle(chongqing, heze)
    return Counties(chongqing, heze, giving, taking, registry, desk, city)


async def test_r6_across_hubs_the_file_passes_on_the_day_of_the_acceptance(
    counties: Counties,
) -> None:
    assert await counties.responsible(counties.today) == BEFORE
    assert (await counties.propose()).status_code == 201
    notice = await counties.received()
    assert (notice["origin_county"], notice["target_county"]) == (HOME, NEXT)
    assert (notice["toward"], notice["peer"]) == ("next", "chongqing")
    assert await counties.responsible(counties.today) == BEFORE, "asking moves nothing"

    tomorrow = counties.today + timedelta(days=1)
    for wrong in ({}, {"effective_on": counties.today.isoformat()}):
        assert (await counties.answer(outcome="confirmed", **wrong)).status_code == 422
    day = counties.today + timedelta(days=5)
    said = await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    assert said.status_code == 200, said.text
    assert await counties.state() == "accepted"
    for before in (counties.today, tomorrow, day - timedelta(days=1)):
        assert await counties.responsible(before) == (HOME, HOME)
    for after in (day, day + timedelta(days=300)):
        assert await counties.responsible(after) == (NEXT, NEXT)

    await counties.days_pass(4)
    assert await counties.responsible(counties.today) == (HOME, HOME)
    await counties.days_pass(1)
    assert await counties.state() == "passed"
    assert await counties.responsible(counties.today) == (NEXT, NEXT)


async def test_r6_a_refusal_leaves_the_file_and_sending_again_changes_nothing(
    counties: Counties,
) -> None:
    await counties.propose()
    notice = await counties.received()
    refused = await counties.taking.post(f"/v1/notices/{notice['id']}/refusal")
    assert refused.status_code == 200, refused.text
    await counties.settle()
    assert await counties.state() == "rejected"
    assert await counties.responsible(counties.today) == BEFORE

    assert (await counties.propose()).status_code == 201
    await counties.answer(outcome="unknown")
    assert await counties.state() == "rejected"
    assert (await counties.propose()).status_code == 201
    day = counties.today + timedelta(days=2)
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    for hub in (counties.chongqing, counties.heze):
        await hub.rows("UPDATE deliveries SET state = 'pending'")
        await hub.rows("UPDATE notices SET pushed = 'waiting' WHERE pushed = 'done'")
    await counties.settle()
    assert await counties.responsible(day) == (NEXT, NEXT)
    assert await counties.responsible(day - timedelta(days=1)) == (HOME, HOME)
    rows = await counties.heze.rows("SELECT kind FROM handover_acts", service="registry")
    assert sorted(row["kind"] for row in rows) == ["accept", "propose"], "what was said, once"


async def withdrawn(counties: Counties) -> httpx.Response:
    listed = await counties.desk.get(
        "/v1/notices", params={"kind": "handover", "direction": "outgoing"}
    )
    (*_, notice) = listed.json()["notices"]
    return await counties.desk.post(
        f"/v1/notices/{notice['id']}/withdrawal",
        headers={"If-Match": f'"{notice["version"]}"'},
    )


async def test_r6_a_place_that_never_answers_keeps_nobody_out(counties: Counties) -> None:
    """What another hub has is taken back, not revoked: then the child is handed over elsewhere."""
    made = await counties.propose()
    path = made.headers["Location"]
    etag = (await counties.giving.get(path)).headers["ETag"]
    revoked = await counties.giving.post(
        f"{path}/acts",
        json={"act": "revoke", "reason": "came_back"},
        headers={"If-Match": etag},
    )
    assert revoked.status_code == 409
    counties.chongqing.network.silent |= {counties.heze.url("notifications")}
    assert (await withdrawn(counties)).status_code == 200
    await counties.settle()
    assert await counties.state() == "revoked"
    assert (await counties.propose("371702")).status_code == 201, "nobody else is kept out"
    counties.chongqing.network.silent.clear()
    await counties.days_pass(1)
    (state,) = await counties.heze.rows(
        "SELECT state FROM notices WHERE kind = 'handover' AND target_county = $1", int(NEXT)
    )
    assert state["state"] == "withdrawn"


async def test_r6_an_acceptance_that_crosses_a_withdrawal_is_void(counties: Counties) -> None:
    await counties.propose()
    network, day = counties.chongqing.network, counties.today + timedelta(days=1)
    network.silent |= {hub.url("notifications") for hub in (counties.chongqing, counties.heze)}
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    assert (await withdrawn(counties)).status_code == 200
    await counties.settle()
    await counties.days_pass(2)
    assert await counties.responsible(counties.today) == (HOME, HOME), "no word has come through"
    network.silent.clear()
    await counties.days_pass(1)
    assert await counties.responsible(counties.today) == BEFORE, "as if nobody had been asked"
    notice = await counties.received()
    assert (notice["state"], notice["settled"]) == ("withdrawn", "void")
    rows = await counties.heze.rows("SELECT state FROM handovers", service="registry")
    assert "revoked" in [row["state"] for row in rows]


async def test_r6_no_two_counties_have_the_file_while_the_answer_is_on_its_way(
    counties: Counties,
) -> None:
    """The receiving hub is cut off before its answer is out, and the day comes."""
    await counties.propose()
    day = counties.today + timedelta(days=2)
    counties.chongqing.network.silent |= {counties.chongqing.url("notifications")}
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    await counties.days_pass(3)
    assert await counties.responsible(counties.today) == (HOME, HOME)
    notice = await counties.received()
    assert (notice["state"], notice.get("settled")) == ("answered", None)
    assert await counties.both_states() == ("proposed", "proposed"), "as the manual has it"
    counties.chongqing.network.silent.clear()
    await counties.days_pass(1)
    assert await counties.responsible(day - timedelta(days=1)) == (HOME, HOME)
    assert await counties.responsible(day) == (NEXT, NEXT), "and once it is here, from its day on"
    assert (await counties.received())["settled"] == "kept"
    assert await counties.both_states() == ("passed", "passed")
    sent = (await counties.desk.get("/v1/notices", params={"direction": "outgoing"})).json()
    (told,) = [one for one in sent["notices"] if one["kind"] == "handover"]
    assert (told["state"], told["settled"]) == ("answered", "kept")


async def test_r6_of_a_shielded_child_no_notice_leaves_before_a_person_lets_it(
    counties: Counties,
) -> None:
    (child,) = await counties.chongqing.rows("SELECT id FROM children", service="registry")
    shielded = await counties.city.post(
        f"/v1/children/{child['id']}/shield",
        json={"reason": "domestic_violence"},
        headers=new_key(),
    )
    assert shielded.status_code == 200, shielded.text
    assert (await counties.propose()).status_code == 201
    heard = "SELECT 1 FROM notices WHERE kind = 'handover'"
    assert await counties.heze.rows(heard) == []
    listed = await counties.desk.get("/v1/notices", params={"kind": "handover"})
    (notice,) = listed.json()["notices"]
    assert notice["state"] == "awaiting_decision"
    released = await counties.desk.post(
        f"/v1/notices/{notice['id']}/release",
        headers={"If-Match": f'"{notice["version"]}"'},
    )
    assert released.status_code == 200, released.text
    await counties.settle()
    day = counties.today + timedelta(days=2)
    assert (
        await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    ).status_code == 200
    assert await counties.responsible(day) == (NEXT, NEXT)


async def test_r6_a_child_that_comes_back_is_handed_back(counties: Counties) -> None:
    """The other hub proposes, and this one's county takes the file again, on a later day."""
    await counties.propose()
    day = counties.today + timedelta(days=1)
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    await counties.days_pass(3)
    (child,) = await counties.heze.rows("SELECT id FROM children", service="registry")
    asked = await counties.registry.post(
        "/v1/handovers",
        json={"child_id": str(child["id"]), "to": HOME, "reason": "returned"},
        headers=new_key(),
    )
    assert asked.status_code == 201, asked.text
    await counties.settle()
    back = await counties.desk.get(
        "/v1/notices", params={"direction": "incoming", "kind": "handover"}
    )
    (notice,) = back.json()["notices"]
    again = counties.today + timedelta(days=2)
    taken = await counties.desk.post(
        f"/v1/notices/{notice['id']}/answer",
        json={"outcome": "confirmed", "effective_on": again.isoformat()},
    )
    assert taken.status_code == 200, taken.text
    await counties.settle()
    for on, county in (
        (day - timedelta(days=1), HOME),
        (day, NEXT),
        (again - timedelta(days=1), NEXT),
        (again, HOME),
    ):
        assert await counties.responsible(on) == (county, county), on


async def test_r6_a_file_that_passed_inside_one_hub_still_passes_to_the_other(
    counties: Counties,
) -> None:
    """Cao refuses Yuzhong; Jiulongpo takes the file from Yuzhong, and then Cao takes it from Jiulongpo."""
    between = "500107000000"
    await counties.propose()
    await counties.answer(outcome="unknown")
    made = await counties.propose(between)
    counties.giving = await counties.chongqing.official(
        "civil-500107", "500107", service="registry", scopes=HANDING
    )
    path = made.headers["Location"]
    etag = (await counties.giving.get(path)).headers["ETag"]
    accepted = await counties.giving.post(
        f"{path}/acts",
        json={"act": "accept", "effective_on": counties.today.isoformat()},
        headers={"If-Match": etag, "Hutong-Actor": "staff-8"},
    )
    assert accepted.status_code == 200, accepted.text
    assert (await counties.propose()).status_code == 201
    day = counties.today + timedelta(days=1)
    said = await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    assert said.status_code == 200, said.text
    assert (await counties.received())["settled"] == "kept"
    assert await counties.responsible(counties.today) == (between, between)
    assert await counties.responsible(day) == (NEXT, NEXT)


async def test_r6_one_that_nobody_receives_can_be_taken_back(counties: Counties) -> None:
    """No authority and no hub is known for Tianmen: the notice waits here, and a person withdraws it."""
    assert (await counties.propose("429006")).status_code == 201
    listed = await counties.desk.get("/v1/notices", params={"kind": "handover"})
    (notice,) = listed.json()["notices"]
    assert notice["unroutable"]
    withdrawn = await counties.desk.post(
        f"/v1/notices/{notice['id']}/withdrawal",
        headers={"If-Match": f'"{notice["version"]}"'},
    )
    assert withdrawn.status_code == 200, withdrawn.text
    await counties.settle()
    assert await counties.state() == "revoked"
    assert (await counties.propose()).status_code == 201


async def test_r6_another_hub_takes_no_file_by_offering_it_to_somebody_else(
    counties: Counties,
) -> None:
    """School and police know that the child lives in Cao; Chongqing offers its file to Mudan, and Mudan says yes."""
    heze = counties.heze
    police = await heze.official("police", "371721", Department.POLICE, service="registry")
    stay = {"division": NEXT, "since": "2026-11-10"}
    permit = enrolment("P-2", division=NEXT, hukou={"division": HUKOU}, residence=stay)
    permit = {k: v for k, v in permit.items() if k not in ("event", "on", "stage")}
    permit |= {"event": "registered", "role": "accompanying", "registered_on": "2026-11-11"}
    told = await police.post("/v1/residence-permits", json=[permit])
    assert told.json()["results"][0]["status"] == "created", told.text
    await heze.authority("牡丹区民政局", "371702", "civil-371702")
    counties.taking = await heze.official("civil-371702", "371702", scopes=HANDING)
    await counties.settle()
    before = await counties.responsible(counties.today)
    assert before == (HOME, NEXT)
    assert (await counties.propose("371702")).status_code == 201
    assert await counties.responsible(counties.today) == before, "asking moves nothing"
    day = counties.today + timedelta(days=2)
    said = await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    assert said.status_code == 200, said.text
    # Our registry cannot keep it, so the other hub is told no, and goes on answering for what it has.
    assert (await counties.received())["state"] == "refused"
    assert await counties.state() == "rejected"
    assert await counties.responsible(day) == before


@pytest.mark.parametrize(
    ("outcome", "days", "fits"),
    [
        ("confirmed", 0, True),
        ("confirmed", 366, True),
        ("confirmed", -1, False),
        ("confirmed", 400, False),
        ("confirmed", None, False),
        ("unknown", None, True),
        ("unknown", 3, False),
    ],
)
def test_r6_no_hub_holds_a_file_by_a_day_that_never_comes(
    outcome: str, days: int | None, fits: bool
) -> None:
    notice = Notice(kind="handover", issued_at=START, state="delivered")
    on = None if days is None else START.date() + timedelta(days=days)
    data = PeerAnswerData(notice=uuid4(), outcome=Outcome(outcome), effective_on=on)
    with nullcontext() if fits else pytest.raises(Invalid):
        taking.check_day(notice, data, START)
