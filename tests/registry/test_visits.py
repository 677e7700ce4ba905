"""Visits: which duties they discharge, and what they find."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from services.registry.children import queueing
from services.registry.profiles import SHIPPED, Profiles
from shared.database import SYSTEM, raw
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    CAO,
    YUZHONG,
    fold,
    opened,
    survey,
    surveyed,
)
from tests.registry.test_duties import (
    TIANMEN_VILLAGE,
    duties,
    lived,
    proven,
    the_duty,
    visit,
    visited,
)


async def test_r18_visits_discharge_duties_and_late_ones_count_by_their_day(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, lived(TIANMEN_VILLAGE, living_security={}))
    civil = await registry("civil_affairs:429006")
    await opened(civil, child)
    assert (await the_duty(civil, "key_care_contact"))["due_on"] == "2026-04-02"

    registry.clock.at = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
    phone = visit(
        "429006000000",
        kind="contact",
        channel="phone",
        visited_on="2026-03-10",
        noted_at="2026-03-10T17:00:00+08:00",
    )
    await visited(registry, child, phone)
    assert (await the_duty(civil, "key_care_contact"))["due_on"] == "2026-04-10"
    assert (await the_duty(civil, "migrant_home_visit"))["last_done_on"] == "2026-03-01"

    # Sent again, from another device's queue, it is the same visit.
    again = await (await registry("civil_affairs:429006")).post("/v1/visits", json=[phone])
    assert again.json()["results"][0]["status"] == "unchanged"

    early = visit("429006000000", visited_on="2026-03-05")
    await visited(registry, child, early)
    assert (await the_duty(civil, "key_care_contact"))["due_on"] == "2026-04-10"
    home = await the_duty(civil, "migrant_home_visit")
    assert (home["last_done_on"], home["due_on"]) == ("2026-03-05", "2026-06-05")

    await civil.post("/v1/visits/recalls", json={"source_ids": [early["source_id"]]})
    async with registry.database.transaction(SYSTEM) as session:
        await queueing.queue(await raw(session), [child])
    await fold(registry)
    assert (await the_duty(civil, "migrant_home_visit"))["last_done_on"] == "2026-03-01"
    await proven(registry)


async def test_r18_a_duty_of_a_name_that_nobody_knows_is_done_by_an_activity(
    registry: Registry, tmp_path: Path
) -> None:
    """Another place's file is all it takes: no duty of it may stay overdue for want of a word in the code."""
    text = (SHIPPED / "tianmen.toml").read_text(encoding="utf-8")
    named = text.replace('duty = "migrant_home_visit"', 'duty = "garden_walk"')
    assert named != text
    (tmp_path / "tianmen.toml").write_text(named, encoding="utf-8")
    object.__setattr__(registry.app.state.kit, "profiles", Profiles.load(tmp_path))
    (child,) = await surveyed(registry, lived(TIANMEN_VILLAGE, living_security={}))
    civil = await registry("civil_affairs:429006")
    assert "last_done_on" not in await the_duty(civil, "garden_walk")
    await visited(registry, child, visit("429006000000", kind="activity"))
    assert (await the_duty(civil, "garden_walk"))["last_done_on"] == "2026-02-27"


async def test_r18_who_met_nobody_or_has_yet_to_go_has_not_visited(registry: Registry) -> None:
    (child,) = await surveyed(registry, lived(TIANMEN_VILLAGE, living_security={}))
    civil = await registry("civil_affairs:429006")
    before = await the_duty(civil, "migrant_home_visit")

    await visited(
        registry,
        child,
        visit("429006000000", outcome="not_met"),
        visit("429006000000", outcome="refused"),
        visit("429006000000", channel="phone"),
        visit("429006000000", visited_on="2026-03-09"),
    )
    await visited(registry, child, visit("429006000000"), by="education:429006")

    assert (await the_duty(civil, "migrant_home_visit"))["due_on"] == before["due_on"]


async def test_r18_a_finding_of_a_visit_proposes_key_care(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    civil = await registry("civil_affairs:500103")
    assert (await civil.get("/v1/key-care")).json()["entries"] == []

    await visited(registry, child, visit(findings={"vagrant": True, "attending_school": True}))

    (entry,) = (await civil.get("/v1/key-care")).json()["entries"]
    assert (entry["category"], entry["state"]) == ("vagrancy", "proposed")
    assert entry["evidence"][0]["feed"] == "visits"


async def test_r18_a_visit_moves_no_child_but_finds_one_that_nobody_knew(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    elsewhere = visit(residence={"division": "500107000000", "since": "2026-02-01"})
    await visited(registry, child, elsewhere)
    assert len(await duties(await registry("civil_affairs:500103"), duty="survey")) == 1

    found = visit(
        residence={"division": YUZHONG}, findings={"vagrant": True}, hukou={"division": CAO}
    )
    await visited(registry, uuid4(), found)
    listed = (await (await registry("civil_affairs:500103")).get("/v1/key-care")).json()["entries"]
    assert [e["category"] for e in listed] == ["vagrancy"]
