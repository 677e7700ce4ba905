"""Pushing records through the real app: what is stored, what is refused, what is only noticed."""

import json
from typing import Any

import pytest

from services.registry.records.feeds import FEEDS
from tests.registry.conftest import Registry


def enrolment(source_id: str = "A-1", version: int = 1, **more: Any) -> dict[str, Any]:
    item = {
        "source_id": source_id,
        "version": version,
        "observed_on": "2026-03-01",
        "division": "500103",
        "child": {"name": "示小明", "id_number": "50010320170503001X", "birth_date": "2017-05-03"},
        "event": "enrolled",
        "on": "2026-03-01",
        "stage": "primary",
    }
    return {**item, **more}


async def test_a_push_is_stored_once_and_answered_in_order(registry: Registry) -> None:
    education = await registry("education:500103")
    items = [
        enrolment("A-1"),
        enrolment("A-2", division="500101"),
        enrolment("A-3", stage="no such"),
    ]

    reply = await education.post("/v1/enrolments", json=items)

    assert reply.status_code == 207, reply.text
    results = reply.json()["results"]
    assert [(r["source_id"], r["status"]) for r in results] == [
        ("A-1", "created"),
        ("A-2", "refused"),
        ("A-3", "refused"),
    ]
    assert results[1]["errors"][0]["pointer"] == "/division"
    assert results[2]["errors"][0]["pointer"] == "/stage"
    again = await education.post("/v1/enrolments", json=items[:1])
    assert again.json()["results"][0]["status"] == "unchanged"
    assert again.json()["results"][0]["record"] == results[0]["record"]
    assert len(await registry.system("SELECT 1 FROM records")) == 1


@pytest.mark.parametrize("body", ["{", "[]", "{}", '"x"', "null", "[1]", "[" * 300, b"\xff\xfe"])
async def test_a_body_that_is_no_list_of_items_is_a_problem(registry: Registry, body: Any) -> None:
    education = await registry("education:500103")

    reply = await education.post("/v1/enrolments", content=body)

    assert reply.status_code in (207, 400, 422)
    if reply.status_code == 207:
        assert reply.json()["results"][0]["status"] == "refused"


async def test_the_same_version_with_other_content_is_refused(registry: Registry) -> None:
    education = await registry("education:500103")
    await education.post("/v1/enrolments", json=[enrolment()])

    reply = await education.post("/v1/enrolments", json=[enrolment(grade="三年级")])

    (result,) = reply.json()["results"]
    assert result["code"] == 409
    assert result["errors"][0]["code"] == "version_conflict"


async def test_versions_in_any_order_end_in_the_same_state(registry: Registry) -> None:
    education = await registry("education:500103")
    second = await education.post("/v1/enrolments", json=[enrolment(version=2, grade="二年级")])
    first = await education.post("/v1/enrolments", json=[enrolment(version=1)])
    assert second.json()["results"][0]["status"] == "created"
    assert first.json()["results"][0]["status"] == "superseded"


async def test_a_feed_belongs_to_its_departments(registry: Registry) -> None:
    health = await registry("health:500103")
    reply = await health.post("/v1/enrolments", json=[enrolment()])
    assert reply.status_code == 403


async def test_errors_never_repeat_a_value(registry: Registry) -> None:
    education = await registry("education:500103")
    item = enrolment(stage="赵钱孙李秘密", extra={"50010320170503001X": 1})

    reply = await education.post("/v1/enrolments", json=[item])

    assert "秘密" not in reply.text
    assert "50010320170503001X" not in reply.text


async def test_a_source_reads_back_its_own_record_and_nobody_elses(registry: Registry) -> None:
    education = await registry("education:500103")
    stranger = await registry("education:500101")
    pushed = await education.post("/v1/enrolments", json=[enrolment()])
    record = pushed.json()["results"][0]["record"]

    mine = await education.get(f"/v1/records/{record}")
    theirs = await stranger.get(f"/v1/records/{record}")

    assert mine.json()["item"]["child"]["name"] == "示小明"
    assert theirs.status_code == 404


async def test_a_recall_is_a_record_and_a_newer_version_speaks_again(registry: Registry) -> None:
    education = await registry("education:500103")
    await education.post("/v1/enrolments", json=[enrolment()])

    first = await education.post("/v1/enrolments/recalls", json={"source_ids": ["A-1", "A-9"]})
    second = await education.post("/v1/enrolments/recalls", json={"source_ids": ["A-1"]})

    assert [r["status"] for r in first.json()["results"]] == ["created", "refused"]
    assert second.json()["results"][0]["status"] == "unchanged"
    assert len(await registry.system("SELECT 1 FROM records WHERE kind = 1")) == 1


@pytest.mark.parametrize(
    "feed", [f for f in FEEDS.values() if not f.internal], ids=lambda f: f.name
)
async def test_r11_every_feed_takes_its_own_example(registry: Registry, feed: Any) -> None:
    extra = feed.model.model_config["json_schema_extra"]
    examples = extra["examples"] if "examples" in extra else [extra["example"]]
    item = json.loads(json.dumps(examples[0]))
    pusher = await registry(f"{feed.departments[0]}:")

    reply = await pusher.post(f"/v1/{feed.name}", json=[item])

    assert reply.json()["results"][0]["status"] == "created", reply.text


async def test_r11_lateness_is_told_by_feed_and_source(registry: Registry) -> None:
    education = await registry("education:500103")
    await education.post("/v1/enrolments", json=[enrolment()])

    feeds = {f["feed"]: f for f in (await education.get("/v1/feeds")).json()["feeds"]}

    assert feeds["enrolments"]["sources"][0]["late"] is False
