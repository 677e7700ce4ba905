"""Guardianship through the real app: assessed, placed, looked at again; a high risk opens a case."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.assessments import making
from services.registry.assessments.reviewing import Done, standing
from services.registry.assessments.ruling import rules_of
from services.registry.assessments.terms import PlacementActKind, ReviewDue
from services.registry.profiles import Profiles
from tests.registry.conftest import Registry
from tests.registry.key_care import CAO, TIANMEN, YUZHONG, link, push, survey, surveyed, turn

HOME = "500103"
BAOTOU = "150203000000"


async def post(client: httpx.AsyncClient, path: str, **body: Any) -> httpx.Response:
    return await client.post(f"/v1/{path}", json=body, headers={"Idempotency-Key": str(uuid4())})


def assessment(child: UUID, finding: str = "high", **more: Any) -> dict[str, Any]:
    kind = "risk_assessment" if finding in ("high", "not_high") else "capacity_assessment"
    return {
        "child_id": str(child),
        "kind": kind,
        "finding": finding,
        "assessed_on": "2026-02-20",
        "note": "多次独自过夜",
        **more,
    }


def placement(child: UUID, **more: Any) -> dict[str, Any]:
    return {
        "child_id": str(child),
        "kind": "temporary_care",
        "performer": "protection_institution",
        "since": "2026-02-21",
        **more,
    }


async def read(client: httpx.AsyncClient, child: UUID) -> dict[str, Any]:
    reply = await client.get(f"/v1/children/{child}/guardianship")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


@pytest.mark.parametrize(
    ("place", "more", "status"),
    [
        (YUZHONG, {}, "migrant"),
        (YUZHONG, {"hukou": {"division": YUZHONG}}, "not_cross_county"),
        (YUZHONG, {"hukou": None}, "cannot_tell"),
        (TIANMEN, {"hukou": {"division": CAO}}, "migrant"),
        ("110101000000", {}, "cannot_tell"),  # no profile holds there
    ],
)
async def test_r31_high_risk_opens_a_case(
    registry: Registry, place: str, more: dict[str, Any], status: str
) -> None:
    """Whatever the child's status, and whether or not any text of its place speaks of it."""
    (child,) = await surveyed(registry, survey(place, **more))
    (row,) = await registry.system("SELECT status FROM children")
    assert row["status"] == status
    civil = await registry(f"civil_affairs:{place[:6]}")
    made = await post(civil, "assessments", **assessment(child))
    assert made.status_code == 201, made.text
    case = (await civil.get(f"/v1/cases/{made.json()['case']}")).json()
    assert (case["kind"], case["topic"], case["to"]) == (
        "intervention",
        "guardianship_high_risk",
        "civil_affairs",
    )
    assert (case["child"], case["account"]) == (str(child), "多次独自过夜")
    assert case["waiting"] == "no_limit_configured"  # to be pressed for at once


async def test_r31_one_case_while_it_is_open_and_none_without_high_risk(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    for finding in ("not_high", "none", "weak"):
        quiet = await post(civil, "assessments", **assessment(child, finding))
        assert "case" not in quiet.json()
    first = (await post(civil, "assessments", **assessment(child))).json()["case"]
    assert (await post(civil, "assessments", **assessment(child))).json()["case"] == first
    for act, more in (("answer", {"outcome": "established"}), ("close", {})):
        etag = (await civil.get(f"/v1/cases/{first}")).headers["ETag"]
        done = await civil.post(
            f"/v1/cases/{first}/acts", json={"act": act, **more}, headers={"If-Match": etag}
        )
        assert done.status_code == 200, done.text
    again = (await post(civil, "assessments", **assessment(child))).json()["case"]
    assert again != first
    shown = (await read(civil, child))["assessments"]
    assert [one.get("case") for one in shown] == [None, None, None, first, first, again]
    assert (
        await post(civil, "assessments", **assessment(child, "high", kind="capacity_assessment"))
    ).status_code == 422


async def test_r31_a_case_that_went_with_its_record_is_no_case_of_this_child(
    registry: Registry,
) -> None:
    """A high risk is not taken for dealt with by the case of another child."""
    records = await push(registry, f"civil_affairs:{HOME}", "surveys", survey(), survey())
    child, other = uuid4(), uuid4()
    await link(registry, records, [child, child])
    civil = await registry(f"civil_affairs:{HOME}")
    first = (await post(civil, "assessments", **assessment(child))).json()["case"]
    (case,) = await registry.system(
        "SELECT r.id FROM cases c JOIN records r ON r.entry_id = c.anchor"
    )
    await link(registry, records, [other if one == case["id"] else child for one in records])
    assert (await civil.get(f"/v1/cases/{first}")).json()["child"] == str(other)
    own = (await post(civil, "assessments", **assessment(child))).json()["case"]
    assert (await civil.get(f"/v1/cases/{own}")).json()["child"] == str(child)
    assert (await post(civil, "assessments", **assessment(other))).json()["case"] == first


async def test_r31_a_placement_is_looked_at_again_until_a_person_ends_it(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    made = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    assert made.status_code == 201, made.text
    path, etag = made.headers["Location"], made.headers["ETag"]
    assert made.json()["review"] == "no_interval_configured"  # no text names one
    assert made.json()["clause"].endswith("二(二)3")
    listed = (await civil.get("/v1/placements", params={"review": "no_interval_configured"})).json()
    assert [one["child"] for one in listed["placements"]] == [str(child)]
    for act in ("review", "withdraw_consent", "end"):
        body = {"act": act, "done_on": "2026-03-01", "note": "情况"}
        stale = await civil.post(f"{path}/acts", json=body, headers={"If-Match": '"9"'})
        done = await civil.post(f"{path}/acts", json=body, headers={"If-Match": etag})
        assert (stale.status_code, done.status_code) == (412, 200)
        etag = done.headers["ETag"]
        assert ("ended_on" in done.json()) is (act == "end")  # a withdrawn consent ends nothing
    assert done.json()["consent_withdrawn_on"] == "2026-03-01"
    more = await civil.post(
        f"{path}/acts", json={"act": "review", "done_on": "2026-03-02"}, headers={"If-Match": etag}
    )
    assert more.status_code == 409
    assert (await civil.get("/v1/placements")).json() == {"placements": []}


def test_r31_the_interval_is_the_places_own(tmp_path: Path) -> None:
    """What an administrator sets for Chongqing says nothing of another place."""
    (tmp_path / "amendment.toml").write_text(
        'id = "office"\namends = "chongqing"\n[documents.main]\nname = "示例"\nvalid_from = 2024-01-01\n'
        '[[rules.guardianship]]\nmeasure = "temporary_care"\nclause = "一"\nwording = "每季度评估"\n'
        'population = "migrant"\nperformers = ["protection_institution"]\nreview_days = 90\n',
        encoding="utf-8",
    )
    configured = Profiles.of_hub(tmp_path)
    day = date(2026, 3, 2)
    assert rules_of(configured, int(YUZHONG), "temporary_care", day).review_days == 90
    assert rules_of(configured, int(TIANMEN), "temporary_care", day).review_days is None
    assert rules_of(configured, None, "temporary_care", day).review_days is None


async def test_r32_no_consent_and_no_ground_no_placement(registry: Registry) -> None:
    """An abusive guardian cannot veto it; where no text asks for consent, none is asked for."""
    (child,) = await surveyed(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    bare = await post(civil, "placements", **placement(child))
    assert (bare.status_code, bare.json()["type"].rsplit("/", 1)[-1]) == (
        409,
        "guardian-consent-needed",
    )
    uncited = await post(civil, "placements", **placement(child, basis="statutory_ground"))
    assert uncited.status_code == 422
    cited = await post(
        civil, "placements", **placement(child, basis="statutory_ground", note="监护侵害")
    )
    assert cited.status_code == 201
    assert (await post(civil, "placements", **placement(child, kind="support"))).status_code == 201
    north = await registry(f"civil_affairs:{BAOTOU[:6]}")
    (other,) = await surveyed(registry, survey(BAOTOU))
    assert (await post(north, "placements", **placement(other))).status_code == 201


async def test_guardianship_is_for_civil_affairs_of_the_child_alone(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    made = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    path = made.headers["Location"]
    stranger = await registry("civil_affairs:500107")
    unknown = await stranger.get(f"/v1/placements/{uuid4()}")
    assert unknown.status_code == 404
    for reply in (
        await stranger.get(path),
        await stranger.get(f"/v1/children/{child}/guardianship"),
        await post(stranger, "assessments", **assessment(child)),
        await stranger.post(
            f"{path}/acts",
            json={"act": "end", "done_on": "2026-03-01"},
            headers={"If-Match": made.headers["ETag"]},
        ),
    ):
        assert (reply.status_code, reply.content) == (404, unknown.content)
    assert (await stranger.get("/v1/placements")).json() == {"placements": []}
    police = await registry(f"police:{HOME}", purpose="service")
    assert (await police.get(path)).status_code == 403
    overseer = await registry(f"civil_affairs:{HOME}", purpose="supervision")
    assert (await overseer.get(path)).status_code == 403
    hukou = await registry(f"civil_affairs:{CAO[:6]}")
    assert (await hukou.get(path)).status_code == 200  # it sees the child
    assert (await turn(civil, child)).status_code == 200
    assert YUZHONG not in (await hukou.get(path)).text


async def test_what_was_written_is_sealed_and_follows_its_child(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    await post(civil, "assessments", **assessment(child))
    made = await post(
        civil, "placements", **placement(child, basis="guardian_consent", note="机密说明")
    )
    for table in ("assessments", "placements", "cases"):
        (row,) = await registry.system(f"SELECT * FROM {table}")
        assert "过夜" not in str(dict(row)) and "机密".encode() not in row["sealed"]
    into = uuid4()
    every = await registry.system("SELECT id FROM records")
    await link(registry, [row["id"] for row in every], [into] * len(every))
    seen = await read(civil, into)
    assert [len(seen[name]) for name in ("assessments", "placements")] == [1, 1]
    assert (await civil.get(made.headers["Location"])).json()["child"] == str(into)
    assert (await civil.get(f"/v1/children/{child}/guardianship")).status_code == 404
    await registry.system("UPDATE assessments SET finding = 'not_high'")
    assert (await read(civil, into))["assessments"] == []


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
ACTS = st.lists(st.builds(Done, st.sampled_from(PlacementActKind), DAYS), max_size=3)


@given(DAYS, ACTS, st.none() | st.integers(1, 200), DAYS)
def test_nothing_but_a_person_ends_a_placement(
    since: date, acts: list[Done], every: int | None, day: date
) -> None:
    stands = standing(since, acts, every, day)
    ended = any(act.kind == PlacementActKind.END for act in acts)
    assert (stands.ended_on is not None) == ended == (stands.review == ReviewDue.NO)
    if not ended and every is not None:
        reviews = [act.on for act in acts if act.kind == PlacementActKind.REVIEW]
        assert stands.review_on == max([since, *reviews]) + timedelta(days=every)
        assert (stands.review == ReviewDue.OVERDUE) == (day > stands.review_on)
    if not ended and every is None:
        assert stands.review == ReviewDue.NO_INTERVAL_CONFIGURED


async def test_r31_no_case_of_another_county_or_forged_stands_for_ones_own(
    registry: Registry,
) -> None:
    """The hukou place's case is one that nobody where the child lives can see, handle or press for."""
    (child,) = await surveyed(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    hukou = await registry(f"civil_affairs:{CAO[:6]}")
    theirs = (await post(hukou, "assessments", **assessment(child))).json()["case"]
    ours = (await post(civil, "assessments", **assessment(child))).json()["case"]
    assert ours != theirs
    assert (await civil.get(f"/v1/cases/{ours}")).status_code == 200
    assert (await civil.get(f"/v1/cases/{theirs}")).status_code == 404
    await registry.system("UPDATE cases SET topic = 'abuse' WHERE id = $1", UUID(ours))
    again = (await post(civil, "assessments", **assessment(child))).json()["case"]
    assert again not in (ours, theirs)
    assert (await civil.get(f"/v1/cases/{again}")).status_code == 200


async def test_r31_nobody_ends_or_makes_a_placement_past_the_hub(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    made = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    other = await post(
        civil, "placements", **placement(child, kind="daily_care", basis="guardian_consent")
    )
    assert (made.status_code, other.status_code) == (201, 201)
    await registry.system(
        "INSERT INTO placement_acts (id, placement_id, number, kind, done_on, client, actor, made_at, sealed)"
        " SELECT gen_random_uuid(), id, 1, 'end', since, client, actor, made_at, sealed FROM placements"
        " WHERE measure = 'temporary_care'"
    )
    await registry.system("UPDATE placements SET performer = 'x' WHERE measure = 'daily_care'")
    listed = (await civil.get("/v1/placements")).json()["placements"]
    assert [one["id"] for one in listed] == [made.json()["id"]]


async def test_r31_a_placement_of_too_many_acts_is_still_ended(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "MOST_ACTS", 1)
    (child,) = await surveyed(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    made = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    path, told = made.headers["Location"], []
    for act in ("review", "review", "end"):
        etag = (await civil.get(path)).headers["ETag"]
        body = {"act": act, "done_on": "2026-03-01"}
        reply = await civil.post(f"{path}/acts", json=body, headers={"If-Match": etag})
        told.append(reply.status_code)
    assert told == [200, 409, 200]
