"""What a text asks of whoever reports or refers: never a reason to refuse a report, and never forgotten either."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.cases.forms import CaseIn
from tests.registry.conftest import Registry
from tests.registry.key_care import CAO, YUZHONG, link, push, survey, surveyed
from tests.registry.test_alerts import amended, proven
from tests.registry.test_cases import HOME, REPORT, act, acted, listed, opened
from tests.registry.test_duties import visit

BAOTOU, HARBIN, TIANMEN = "150203", "230103", "429006"
HEZE: dict[str, Any] = {"place": CAO, "topic": "guardian_fails_duty"}
REFERRAL: dict[str, Any] = {"kind": "referral", "topic": "medical_treatment", "to": "health"}
REHABILITATION: dict[str, Any] = {
    "kind": "referral",
    "topic": "community_rehabilitation",
    "to": "civil_affairs",
}


async def pressed_for(who: httpx.AsyncClient) -> list[tuple[str, list[str]]]:
    return [(one["id"], one.get("demands", [])) for one in await listed(who, waiting=True)]


async def test_r25_a_report_that_lacks_what_its_text_asks_is_taken_and_the_lack_is_pressed_for(
    registry: Registry,
) -> None:
    """Heze: 要予以劝诫、制止，情节严重的应当及时向公安机关报告."""
    civil, police = await registry(f"civil_affairs:{CAO}"), await registry(f"police:{CAO}")
    path = await opened(civil, **HEZE)
    case = path.rpartition("/")[2]
    assert (await civil.get(path)).json()["demands"] == ["dissuade", "stop", "ground"]
    await acted(police, path, "answer", outcome="established")
    await acted(police, path, "admonition", issuer="police")
    assert await pressed_for(civil) == [(case, ["dissuade", "stop", "ground"])]
    await acted(civil, path, "dissuade")
    await proven(registry)
    await acted(civil, path, "serious")
    assert await pressed_for(civil) == [(case, ["stop"])]
    assert (await acted(civil, path, "close"))["state"] == "closed"
    assert await pressed_for(civil) == []
    await acted(civil, path, "reopen")
    assert (await acted(civil, path, "stop")).get("demands", []) == []
    assert await pressed_for(civil) == []
    await proven(registry)


@pytest.mark.parametrize("number", range(3))
async def test_r24_what_the_document_shows_of_cases_is_taken(
    registry: Registry, number: int
) -> None:
    """A report, a school's referral to treatment, and a hospital's to rehabilitation, which names no sender."""
    example = dict(CaseIn.model_config["json_schema_extra"]["examples"][number])  # type: ignore[index,call-overload]
    (child,) = await surveyed(registry, survey(YUZHONG))
    if "child_id" in example:
        example["child_id"] = str(child)
    hospital = await registry(f"health:{HOME}", purpose="service")
    seen = (await hospital.get(await opened(hospital, **{"child": None, **example}))).json()
    assert (seen["kind"], seen["topic"], seen["from"]) == (
        example["kind"],
        example["topic"],
        "health",
    )
    assert seen.get("child") == example.get("child_id")


async def test_r25_what_was_done_is_told_with_the_report(registry: Registry) -> None:
    civil = await registry(f"civil_affairs:{CAO}")
    told = ["dissuade", "stop", "serious"]
    path = await opened(civil, **HEZE, told=told)
    seen = (await civil.get(path)).json()
    assert (seen["told"], seen["demands"]) == (told, [])


@pytest.mark.parametrize(
    ("place", "topic", "asked"),
    [
        (HOME, "lives_alone", []),
        (BAOTOU, "guardian_fails_duty", ["dissuade", "stop", "ground"]),
        (HARBIN, "rights_violated", ["dissuade", "stop", "explain_liability", "ground"]),
        (TIANMEN, "rights_violated", ["dissuade", "stop", "ground"]),
        (TIANMEN, "lives_alone", []),
    ],
    ids=["Chongqing", "Inner Mongolia", "Heilongjiang", "Tianmen", "an event it does not name"],
)
async def test_r25_each_place_asks_what_its_own_text_does(
    registry: Registry, place: str, topic: str, asked: list[str]
) -> None:
    civil = await registry(f"civil_affairs:{place}")
    path = await opened(civil, place=place, topic=topic)
    assert (await civil.get(path)).json().get("demands", []) == asked


async def test_r25_of_what_police_found_unfounded_nothing_more_is_asked(
    registry: Registry,
) -> None:
    civil, police = await registry(f"civil_affairs:{CAO}"), await registry(f"police:{CAO}")
    path = await opened(civil, **HEZE)
    assert (await acted(police, path, "answer", outcome="unfounded"))["demands"] == []
    assert await pressed_for(civil) == []


async def refused(who: httpx.AsyncClient, **body: Any) -> tuple[str, str]:
    reply = await who.post(
        "/v1/cases", json={**REPORT, **body}, headers={"Idempotency-Key": str(uuid4())}
    )
    assert reply.status_code == 422, reply.text
    error = reply.json()["errors"][0]
    return error["code"], error["detail"]


@pytest.mark.parametrize("place", ["150102", BAOTOU, TIANMEN, HARBIN, CAO[:6], HOME])
@pytest.mark.parametrize("sender", [None, "family"])
async def test_r24_no_text_closes_its_list_of_who_refers(
    registry: Registry, place: str, sender: str | None
) -> None:
    """社会心理服务机构等与医疗卫生机构之间: 等 leaves it open, and no child waits because its office is not on it."""
    civil = await registry(f"civil_affairs:{place}")
    path = await opened(civil, **REFERRAL, place=place, sender=sender)
    assert (await civil.get(path)).json().get("sender") == sender


async def test_r24_where_a_place_closes_its_list_nobody_else_refers(
    registry: Registry, tmp_path: Path
) -> None:
    school = await registry(f"education:{HOME}")
    rules = """
[[rules.referral]]
kind = "medical_treatment"
clause = "一"
wording = "示例"
force = "may"
senders = ["school"]
senders_alone = true
"""
    amended(registry, tmp_path, "chongqing", rules)
    assert await refused(school, **REFERRAL) == ("unfitting_sender", "One of: school.")
    assert (await refused(school, **REFERRAL, sender="family"))[0] == "unfitting_sender"
    await opened(school, **REFERRAL, sender="school")


async def test_r24_a_referral_comes_on_the_places_own_hotline(registry: Registry) -> None:
    school = await registry(f"education:{HOME}")
    elsewhere = {"sender": "hotline", "hotline": "家庭教育指导服务热线"}  # Inner Mongolia's
    code, detail = await refused(school, **REFERRAL, **elsewhere)
    assert (code, detail) == ("unfitting_hotline", "One of: 青少年服务台.")
    path = await opened(school, **REFERRAL, sender="hotline", hotline="青少年服务台")
    hospital = await registry(f"health:{HOME}")
    seen = (await hospital.get(path)).json()
    assert (seen["sender"], seen["hotline"]) == ("hotline", "青少年服务台")
    assert seen["hotlines"] == [{"name": "青少年服务台", "number": "12355"}]
    assert "force" not in seen  # 畅通…通道 says neither may nor shall
    await proven(registry)


@pytest.mark.parametrize(
    ("place", "lines"),
    [
        (
            BAOTOU,
            {
                "家庭教育指导服务热线": "12338",
                "青少年服务台": "12355",
                "青春导航热线": None,
            },
        ),
        (HARBIN, {"青少年服务台": "12355"}),
        (
            TIANMEN,
            {"青少年服务台": "12355", "心理援助热线": "12356", "心理健康服务热线": None},
        ),
        (CAO[:6], {"青少年服务台": "12355"}),
    ],
)
async def test_r24_a_case_names_the_hotlines_of_its_own_place(
    registry: Registry, place: str, lines: dict[str, str | None]
) -> None:
    civil = await registry(f"civil_affairs:{place}")
    path = await opened(civil, **REFERRAL, place=place, sender="community")
    for one in (path, await opened(civil, place=place, topic="guardian_fails_duty")):
        told = (await civil.get(one)).json()["hotlines"]
        assert {line["name"]: line.get("number") for line in told} == lines


async def test_r24_where_a_text_names_no_sender_anybody_refers(registry: Registry) -> None:
    """Heilongjiang's sentence names none; nor does any of community rehabilitation."""
    school = await registry(f"education:{HARBIN}")
    for body in (REFERRAL, {**REFERRAL, "sender": "family"}, REHABILITATION):
        await opened(school, **{**body, "place": HARBIN})


@pytest.mark.parametrize(("place", "force"), [(HOME, "may"), (TIANMEN, "shall")])
async def test_r24_whoever_declines_what_the_text_commands_says_why(
    registry: Registry, place: str, force: str
) -> None:
    """可纳入 in Chongqing, 应当纳入 in Tianmen."""
    school, civil = await registry(f"education:{place}"), await registry(f"civil_affairs:{place}")
    path = await opened(school, **REHABILITATION, place=place)
    assert (await civil.get(path)).json()["force"] == force
    bare = await act(civil, path, "decline")
    assert bare.status_code == (422 if force == "shall" else 200)
    if force == "shall":
        assert (await acted(civil, path, "decline", note="不符合条件"))["state"] == "declined"


@pytest.mark.parametrize(
    ("place", "measures"),
    [
        (HOME, {"admonition": "shall", "family_education_guidance": "shall"}),
        (CAO[:6], {"admonition": "shall", "family_education_guidance": "may"}),
        (
            TIANMEN,
            {
                "admonition": "shall",
                "family_education_guidance": "may",
                "supervision_order": "may",
                "family_education_order": None,
            },
        ),
    ],
    ids=["Chongqing", "Heze", "Tianmen"],
)
async def test_r26_a_report_says_which_measures_may_and_which_shall_be_taken(
    registry: Registry, place: str, measures: dict[str, str | None]
) -> None:
    civil = await registry(f"civil_affairs:{place}")
    seen = (await civil.get(await opened(civil, place=place))).json()["measures"]
    assert {one["measure"]: one.get("force") for one in seen} == measures


class Caused:
    """A report that names the visit by which it was found."""

    def __init__(self, child: UUID, record: UUID, source_id: str, path: str) -> None:
        self.child, self.record, self.source_id, self.path = child, record, source_id, path


async def caused(registry: Registry, **more: Any) -> Caused:
    (child,) = await surveyed(registry, survey(YUZHONG))
    item = visit()
    (record,) = await push(registry, f"civil_affairs:{HOME}", "visits", item)
    await link(registry, [record], [child])
    civil = await registry(f"civil_affairs:{HOME}")
    path = await opened(civil, child=None, record=str(record), **more)
    return Caused(child, record, item["source_id"], path)


async def test_r25_a_report_names_the_visit_that_gave_cause_and_through_it_the_child(
    registry: Registry,
) -> None:
    one = await caused(registry)
    civil, police = await registry(f"civil_affairs:{HOME}"), await registry(f"police:{HOME}")
    seen = (await civil.get(one.path)).json()
    assert (seen["record"], seen["child"]) == (str(one.record), str(one.child))
    assert not {"record", "child"} & set((await police.get(one.path)).json())
    reply = await civil.get(f"/v1/children/{one.child}/dossier")
    (told,) = [e for e in reply.json()["events"] if e["kind"] == "case_opened"]
    assert told["detail"]["record"] == str(one.record)
    await proven(registry)
    await registry.system("UPDATE cases SET record = NULL")
    assert (await civil.get(one.path)).status_code == 404


@pytest.mark.parametrize(
    "case",
    [
        {"kind": "correction", "topic": "personal_information", "to": "education"},
        {
            "kind": "assistance",
            "topic": "insurance_enrolment",
            "to": "medical_insurance",
            "year": 2026,
        },
    ],
    ids=["a correction", "r43 assistance"],
)
async def test_a_case_that_is_about_a_child_is_named_it_by_its_record_alone(
    registry: Registry, case: dict[str, Any]
) -> None:
    one = await caused(registry, **case)
    civil = await registry(f"civil_affairs:{HOME}")
    assert (await civil.get(one.path)).json()["child"] == str(one.child)


async def test_r25_nobody_names_a_record_that_it_may_not_know_of(registry: Registry) -> None:
    one = await caused(registry)
    (other,) = await surveyed(registry, survey(YUZHONG))
    civil = await registry(f"civil_affairs:{HOME}")
    school = await registry(f"education:{HOME}", purpose="service")
    stranger = await registry("civil_affairs:500107")
    asked = {**REPORT, "child": None, "record": str(one.record)}
    for who, body in (
        (civil, {"child_id": str(other)}),
        (civil, {"record": str(uuid4())}),
        (school, {}),  # sees the child, and not that civil affairs went there
        (stranger, {"place": "500107"}),
    ):
        reply = await who.post(
            "/v1/cases", json={**asked, **body}, headers={"Idempotency-Key": str(uuid4())}
        )
        assert reply.status_code == 404, body


async def test_r25_when_its_evidence_is_recalled_a_person_looks_again_and_nothing_ends(
    registry: Registry,
) -> None:
    one = await caused(registry)
    civil, police = await registry(f"civil_affairs:{HOME}"), await registry(f"police:{HOME}")
    await acted(police, one.path, "answer", outcome="established")
    assert await pressed_for(civil) == []
    reply = await civil.post("/v1/visits/recalls", json={"source_ids": [one.source_id]})
    assert [r["status"] for r in reply.json()["results"]] == ["created"]
    for who in (civil, police):
        seen = (await who.get(one.path)).json()
        assert (seen["state"], seen["demands"]) == ("answered", ["review_evidence"])
        assert await pressed_for(who) == [(seen["id"], ["review_evidence"])]
    assert await listed(civil, waiting=False) == []
    reply = await civil.get(f"/v1/children/{one.child}/dossier")
    (told,) = [e["detail"] for e in reply.json()["events"] if e["kind"] == "case_opened"]
    assert (told["kind"], told["demands"]) == ("report", ["review_evidence"])
    await acted(civil, one.path, "follow_up", note="复核：另有佐证")
    assert await pressed_for(civil) == []


async def test_r25_a_record_that_is_found_to_be_anothers_makes_a_review(
    registry: Registry,
) -> None:
    one = await caused(registry)
    civil, police = await registry(f"civil_affairs:{HOME}"), await registry(f"police:{HOME}")
    await acted(police, one.path, "answer", outcome="unfounded")
    await link(registry, [one.record], [UUID(int=77)])
    seen = (await civil.get(one.path)).json()
    assert (seen["child"], seen["demands"]) == (str(one.child), ["review_whose"])
    assert len(await pressed_for(civil)) == 1
    await acted(civil, one.path, "close")
    assert await pressed_for(civil) == []


async def test_r25_a_former_link_of_somebody_elses_making_hides_no_review(
    registry: Registry,
) -> None:
    """Whoever can write to the database alone says of a record that it is for ever the child's."""
    one = await caused(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    await link(registry, [one.record], [UUID(int=77)])
    assert len(await pressed_for(civil)) == 1
    for person in (one.child, uuid4()):
        await registry.system("DELETE FROM former_links WHERE link_seq = 99")
        await registry.system(
            "INSERT INTO former_links (entry_id, link_seq, person, taken_at, replaced_at, mac)"
            " SELECT entry_id, 99, $2, '2020-01-01', '9999-12-31', '\\x00' FROM records WHERE id = $1",
            one.record,
            person,
        )
        assert (await civil.get(one.path)).json()["demands"] == ["review_whose"]
        assert len(await pressed_for(civil)) == 1


async def test_r25_a_forged_former_link_hides_no_case_that_waits_for_it_from_its_list(
    registry: Registry,
) -> None:
    """Nobody can tell whose the record was: a person is to look, though the record is its child's today as ever."""
    cases = [await caused(registry) for _ in range(3)]
    civil, police = await registry(f"civil_affairs:{HOME}"), await registry(f"police:{HOME}")
    for one in cases:
        await acted(police, one.path, "answer", outcome="unfounded")
    assert await pressed_for(civil) == []
    waiting = [one.path.rpartition("/")[2] for one in cases[1:]]
    for one in cases[1:]:
        await registry.system(
            "INSERT INTO former_links (entry_id, link_seq, person, taken_at, replaced_at, mac)"
            " SELECT entry_id, 99, $2, '2020-01-01', '2020-01-02', '\\x00' FROM records WHERE id = $1",
            one.record,
            uuid4(),
        )
    assert (await civil.get(cases[1].path)).json()["demands"] == ["review_whose"]
    assert await pressed_for(civil) == [(one, ["review_whose"]) for one in waiting]
    resting = [one["id"] for one in await listed(civil, waiting=False)]
    assert resting == [cases[0].path.rpartition("/")[2]]
    reply = await civil.get("/v1/cases", params={"waiting": True, "limit": 1})
    assert [one["id"] for one in reply.json()["cases"]] == waiting[:1]
    onwards = {"waiting": True, "limit": 1, "cursor": reply.json()["next"]}
    assert [one["id"] for one in await listed(civil, **onwards)] == waiting[1:]
    assert await listed(await registry("civil_affairs:500107"), waiting=True) == []


async def test_r25_a_record_follows_its_child_into_a_merge(registry: Registry) -> None:
    one = await caused(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    rows = await registry.system("SELECT id FROM records")
    await link(registry, [row["id"] for row in rows], [UUID(int=78)] * len(rows))
    seen = (await civil.get(one.path)).json()
    assert (seen["child"], seen["record"]) == (str(UUID(int=78)), str(one.record))
    assert seen["demands"] == []


async def test_r25_a_list_says_of_a_case_what_the_case_says_of_itself(registry: Registry) -> None:
    """Whatever somebody wrote into its row past the hub."""
    school, police = await registry(f"education:{HOME}"), await registry(f"police:{HOME}")
    path, forged = await opened(school), await opened(school)
    await acted(police, path, "receive")
    await registry.system("UPDATE cases SET state = 'closed', version = version + 0")
    await registry.system("UPDATE cases SET actor = 'x' WHERE id = $1", UUID(forged[-36:]))
    (mark,) = await listed(school)
    alone = (await school.get(path)).json()
    assert {name: alone[name] for name in mark} == mark
    assert mark["state"] == "received"
    assert (await school.get(forged)).status_code == 404
    assert await listed(school, state="closed") == []
