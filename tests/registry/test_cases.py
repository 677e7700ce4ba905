"""Cases through the real app: reports to police, what follows for guardians, referrals, suggestions."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.cases.stepping import STEPS, owes, state_of, waiting
from services.registry.cases.terms import AnswerDue, CaseActKind, CaseKind, CaseState
from services.registry.profiles import SHIPPED, Profiles
from tests.registry.conftest import Registry
from tests.registry.key_care import TOWNSHIP, YUZHONG, link, survey, surveyed, turn

HOME, CAO = "500103", "371721"
REPORT: dict[str, Any] = {
    "kind": "report",
    "topic": "lives_alone",
    "place": HOME,
    "to": "police",
    "child": {"name": "示小满", "address": "示例街9号"},
    "account": "邻居反映独自居住两周",
}


async def opened(who: httpx.AsyncClient, **body: Any) -> str:
    """The path of a new case."""
    reply = await who.post(
        "/v1/cases", json={**REPORT, **body}, headers={"Idempotency-Key": str(uuid4())}
    )
    assert reply.status_code == 201, reply.text
    return str(reply.headers["Location"])


async def act(who: httpx.AsyncClient, path: str, act: str, **more: Any) -> httpx.Response:
    etag = (await who.get(path)).headers.get("ETag", '"1"')
    return await who.post(f"{path}/acts", json={"act": act, **more}, headers={"If-Match": etag})


async def acted(who: httpx.AsyncClient, path: str, what: str, **more: Any) -> dict[str, Any]:
    reply = await act(who, path, what, **more)
    assert reply.status_code == 200, reply.text
    seen: dict[str, Any] = reply.json()
    return seen


async def listed(who: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    reply = await who.get("/v1/cases", params=asked)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["cases"]
    return found


async def test_r25_a_child_nobody_registered_is_reported_and_police_answer(
    registry: Registry,
) -> None:
    school, police, civil = [
        await registry(f"{one}:{HOME}") for one in ("education", "police", "civil_affairs")
    ]
    path = await opened(school)
    (mark,) = await listed(police, waiting=True)
    assert (mark["from"], mark["to"], mark["state"]) == ("education", "police", "sent")
    assert "示" not in str(mark)
    seen = (await police.get(path)).json()
    assert seen["account"] == REPORT["account"]
    assert seen["particulars"] == REPORT["child"]
    assert seen["clause"].endswith("二(三)1")
    assert (await acted(police, path, "receive"))["waiting"] == AnswerDue.NO_LIMIT_CONFIGURED
    answered = await acted(police, path, "answer", outcome="unfounded", note="已上门核实")
    assert (answered["state"], answered["waiting"]) == ("answered", "no")
    assert (await school.get(path)).json()["acts"][-1]["note"] == "已上门核实"
    assert await listed(civil, waiting=True) == []
    assert (await acted(civil, path, "close"))["state"] == "closed"
    assert [one["act"] for one in (await civil.get(path)).json()["acts"]] == [
        "receive",
        "answer",
        "close",
    ]


@pytest.mark.parametrize(
    ("place", "topic", "asked"),
    [
        (HOME, "lives_alone", {"urgency": "immediately", "only_if": [], "before": []}),
        (
            CAO,
            "guardian_fails_duty",
            {"urgency": "promptly", "only_if": ["serious"], "before": ["dissuade", "stop"]},
        ),
    ],
    ids=["Chongqing", "Heze"],
)
async def test_r25_a_case_shows_what_the_text_asks_of_a_report(
    registry: Registry, place: str, topic: str, asked: dict[str, Any]
) -> None:
    path = await opened(await registry(f"education:{place}"), place=place, topic=topic)
    assert (await (await registry(f"police:{place}")).get(path)).json()["asked"] == asked


async def test_r25_an_event_that_the_text_does_not_name_is_reported_under_no_clause(
    registry: Registry,
) -> None:
    """What is done with the guardian is commanded whatever was reported, and nothing else is claimed of the text."""
    civil, police = await registry(f"civil_affairs:{CAO}"), await registry(f"police:{CAO}")
    path = await opened(civil, place=CAO, topic="lives_alone")
    seen = await acted(police, path, "answer", outcome="established")
    assert not {"clause", "asked"} & set(seen)
    assert seen["lacking"] == ["admonition"]
    refused = await act(civil, path, "close")
    assert (refused.status_code, refused.json()["detail"]) == (409, "Not taken: admonition.")


async def test_r25_only_those_concerned_see_a_case(registry: Registry) -> None:
    path = await opened(await registry(f"education:{HOME}"))
    strangers = [
        await registry(who) for who in (f"health:{HOME}", "civil_affairs:500107", "police:500107")
    ]
    missing = await strangers[0].get(f"/v1/cases/{uuid4()}")
    for stranger in strangers:
        assert (await stranger.get(path)).content == missing.content
        assert (await act(stranger, path, "receive")).status_code == 404
        assert await listed(stranger) == []
    outside = await (await registry(f"education:{HOME}")).post(
        "/v1/cases", json={**REPORT, "place": CAO}, headers={"Idempotency-Key": "k"}
    )
    assert outside.status_code == 403


@pytest.fixture
def two_days(registry: Registry, tmp_path: Path) -> None:
    """An administrator sets the limits that no text gives."""
    (tmp_path / "seventh.toml").write_text(
        """
id = "seventh"
name_zh = "第七市"
name_en = "Seventh"
covers = ["500107"]

[documents.main]
name = "示例文件"
valid_from = 2024-01-01

[[rules.report]]
event = "lives_alone"
clause = "一"
reporter = "village_committee"
to = "police"
urgency = "immediately"
reply_hours = 48
""",
        encoding="utf-8",
    )
    loaded = Profiles.load(tmp_path)
    kit = registry.app.state.kit
    shipped = Profiles.load(SHIPPED)
    object.__setattr__(kit, "profiles", Profiles({**shipped.by_id, **loaded.by_id}))


async def test_r25_an_unanswered_report_escalates(registry: Registry, two_days: None) -> None:
    civil = await registry("civil_affairs:500107")
    path = await opened(civil, place="500107")
    assert (await civil.get(path)).json()["waiting"] == AnswerDue.WITHIN_LIMIT
    registry.clock.at += timedelta(hours=48, seconds=1)
    (mark,) = await listed(civil, waiting=True)
    assert mark["waiting"] == AnswerDue.OVERDUE
    assert mark["due_at"] < registry.clock.at.isoformat()


@pytest.mark.parametrize(
    ("place", "commanded"),
    [(HOME, {"admonition", "family_education_guidance"}), (CAO, {"admonition"})],
    ids=["Chongqing shall", "Heze may"],
)
async def test_r26_what_the_rules_command_is_taken_before_a_case_is_closed(
    registry: Registry, place: str, commanded: set[str]
) -> None:
    civil, police = await registry(f"civil_affairs:{place}"), await registry(f"police:{place}")
    topic = "lives_alone" if place == HOME else "guardian_fails_duty"
    path = await opened(civil, place=place, topic=topic)
    seen = await acted(police, path, "answer", outcome="established")
    assert set(seen["lacking"]) == commanded
    refused = await act(civil, path, "close")
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("case-measures-lacking")
    assert all(measure in refused.json()["detail"] for measure in commanded)
    for measure in sorted(commanded):
        seen = await acted(police, path, measure, issuer="police")
    assert seen["lacking"] == []
    assert (await acted(civil, path, "close"))["state"] == "closed"
    assert (await acted(civil, path, "reopen"))["state"] == "answered"


async def test_r26_a_courts_order_is_guidance_too(registry: Registry) -> None:
    civil, police = await registry(f"civil_affairs:{HOME}"), await registry(f"police:{HOME}")
    path = await opened(civil)
    await acted(police, path, "answer", outcome="established")
    await acted(police, path, "admonition", issuer="police")
    seen = await acted(civil, path, "family_education_order", issuer="court")
    assert seen["lacking"] == []


async def test_r24_a_referral_is_accepted_and_comes_back(registry: Registry) -> None:
    school, hospital = await registry(f"education:{HOME}"), await registry(f"health:{HOME}")
    path = await opened(
        school, kind="referral", topic="medical_treatment", to="health", sender="school"
    )
    assert (await listed(hospital, kind="referral", waiting=True))[0][
        "waiting"
    ] == "no_limit_configured"
    assert (await act(school, path, "accept")).status_code == 403
    assert (await acted(hospital, path, "accept"))["state"] == "accepted"
    assert (await act(school, path, "close")).status_code == 409
    assert (await acted(hospital, path, "return", note="复诊"))["state"] == "returned"
    assert (await acted(school, path, "close"))["state"] == "closed"


async def test_r27_an_open_suggestion_is_listed(registry: Registry) -> None:
    civil, school = await registry(f"civil_affairs:{HOME}"), await registry(f"education:{HOME}")
    path = await opened(civil, kind="suggestion", topic="judicial", to="education", child=None)
    assert [one["kind"] for one in await listed(school, waiting=True)] == ["suggestion"]
    await acted(school, path, "answer", outcome="adopted")
    assert (await acted(civil, path, "close"))["state"] == "closed"


async def test_r57_what_police_correct_is_closed_by_whoever_asked(registry: Registry) -> None:
    school, police = [await registry(f"{one}:{HOME}") for one in ("education", "police")]
    path = await opened(school, kind="correction", topic="personal_information")
    assert (await acted(police, path, "answer", outcome="corrected"))["state"] == "answered"
    assert (await act(police, path, "close")).status_code == 403
    assert (await acted(school, path, "close"))["state"] == "closed"
    reported = await opened(school)
    await acted(police, reported, "answer", outcome="unfounded")
    assert (await act(school, reported, "close")).status_code == 403


async def test_r57_what_a_guardian_wants_corrected_is_tracked_to_an_answer(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, survey(YUZHONG))
    civil, school = await registry(f"civil_affairs:{HOME}"), await registry(f"education:{HOME}")
    asked: dict[str, Any] = {
        "kind": "correction",
        "topic": "personal_information",
        "to": "education",
        "child": None,
        "account": "家长反映就读学校登记有误",
    }
    about_nobody = await civil.post(
        "/v1/cases", json={**REPORT, **asked}, headers={"Idempotency-Key": "k"}
    )
    assert about_nobody.status_code == 422
    path = await opened(civil, **asked, child_id=str(child))
    (mark,) = await listed(school, kind="correction", waiting=True)
    assert mark["waiting"] == AnswerDue.NO_LIMIT_CONFIGURED
    assert (await act(civil, path, "close")).status_code == 409
    assert (await act(school, path, "answer", outcome="not_corrected")).status_code == 422
    seen = await acted(school, path, "answer", outcome="corrected", note="已更正")
    assert seen["clause"].endswith("第四十六条")
    assert (await acted(civil, path, "close"))["state"] == "closed"


async def test_who_names_a_child_must_see_it_and_the_case_follows_it(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(YUZHONG))
    civil = await registry(f"civil_affairs:{HOME}")
    stranger = await registry("civil_affairs:500107")
    blind = await stranger.post(
        "/v1/cases",
        json={**REPORT, "place": "500107", "child": None, "child_id": str(child)},
        headers={"Idempotency-Key": "k"},
    )
    assert blind.status_code == 404
    path = await opened(civil, child=None, child_id=str(child))
    assert (await civil.get(path)).json()["child"] == str(child)
    (record,) = await registry.system("SELECT id FROM records")
    other = UUID(int=99)
    await link(registry, [record["id"]], [other])
    assert (await civil.get(path)).json()["child"] == str(other)


async def test_an_act_on_what_was_not_read_is_refused(registry: Registry) -> None:
    police = await registry(f"police:{HOME}")
    path = await opened(await registry(f"education:{HOME}"))
    stale = await police.post(f"{path}/acts", json={"act": "receive"}, headers={"If-Match": '"7"'})
    bare = await police.post(f"{path}/acts", json={"act": "receive"})
    assert (stale.status_code, bare.status_code) == (412, 428)
    for body in (
        {"act": "answer"},
        {"act": "receive", "outcome": "established"},
        {"act": "admonition"},
        {"act": "answer", "outcome": "adopted"},
    ):
        assert (await act(police, path, **body)).status_code == 422, body


@given(st.sampled_from(CaseKind), st.lists(st.sampled_from(CaseActKind), max_size=12))
def test_no_case_closes_before_it_was_answered(kind: CaseKind, tried: list[CaseActKind]) -> None:
    taken: list[CaseActKind] = []
    for one in tried:
        if one in STEPS[kind][state_of(kind, taken)]:
            taken.append(one)
    if state_of(kind, taken) == CaseState.CLOSED:
        ended = {CaseActKind.ANSWER, CaseActKind.DECLINE, CaseActKind.RETURN, CaseActKind.COMPLETE}
        assert ended & set(taken)
    with pytest.raises(ValueError, match="does not follow"):
        state_of(kind, [CaseActKind.REOPEN])


@given(
    st.sampled_from(CaseKind),
    st.sampled_from(CaseState),
    st.none() | st.timedeltas(timedelta(hours=1), timedelta(days=30)),
    st.timedeltas(timedelta(0), timedelta(days=60)),
)
def test_an_answer_is_owed_until_it_comes(
    kind: CaseKind, state: CaseState, limit: timedelta | None, passed: timedelta
) -> None:
    since = datetime(2026, 3, 1, tzinfo=UTC)
    owed = waiting(kind, state, since + limit if limit is not None else None, since + passed)
    assert (owed == AnswerDue.NO) == (not owes(kind, state))
    if owes(kind, state):
        assert (owed == AnswerDue.NO_LIMIT_CONFIGURED) == (limit is None)
        assert (owed == AnswerDue.OVERDUE) == (limit is not None and passed > limit)


async def test_where_a_shielded_child_lives_a_case_says_by_its_county(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(YUZHONG))
    civil, police = await registry(f"civil_affairs:{HOME}"), await registry(f"police:{HOME}")
    path = await opened(civil, child=None, child_id=str(child), place=TOWNSHIP)
    assert (await police.get(path)).json()["place"] == TOWNSHIP
    assert (await turn(civil, child)).status_code == 200
    assert (await police.get(path)).json()["place"] == YUZHONG
    assert [one["place"] for one in await listed(police)] == [YUZHONG]


async def test_whom_the_matrix_opens_no_child_names_and_sees_none(registry: Registry) -> None:
    """Police have no cell for key care."""
    (child,) = await surveyed(registry, survey(YUZHONG))
    civil = await registry(f"civil_affairs:{HOME}")
    police = await registry(f"police:{HOME}")
    serving = await registry(f"police:{HOME}", purpose="service")
    path = await opened(civil, child=None, child_id=str(child))
    assert (await serving.get(path)).json()["child"] == str(child)
    assert "child" not in (await police.get(path)).json()
    body = {**REPORT, "child": None, "child_id": str(child)}
    blind = await police.post("/v1/cases", json=body, headers={"Idempotency-Key": "k"})
    unknown = await police.post(
        "/v1/cases", json={**body, "child_id": str(uuid4())}, headers={"Idempotency-Key": "l"}
    )
    assert blind.status_code == unknown.status_code == 404
    assert blind.content == unknown.content


async def test_a_list_is_audited_with_the_child_of_today(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(YUZHONG))
    civil = await registry(f"civil_affairs:{HOME}")
    await opened(civil, child=None, child_id=str(child))
    (record,) = await registry.system("SELECT id FROM records")
    other = UUID(int=98)
    await link(registry, [record["id"]], [other])
    await listed(civil)
    (read,) = await registry.system(
        "SELECT subjects FROM audit_entries WHERE operation = 'cases.list'"
    )
    assert read["subjects"] == [other]
