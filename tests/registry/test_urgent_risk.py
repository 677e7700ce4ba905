"""The urgent task of a red psychological risk: whose it is, by when, and how it rises; told inside its compartment alone."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from services.registry.profiles import SHIPPED, Profiles
from services.registry.profiles.open_points import open_points
from tests.registry.compartments import (
    BAOTOU,
    act,
    acted,
    amend,
    ask_to_open,
    keeper,
    listed,
    opened,
)
from tests.registry.conftest import Registry
from tests.registry.key_care import decide, entries, survey, surveyed, turn
from tests.registry.key_care import opened as taken_in
from tests.registry.test_compartment_silence import glance, tables
from tests.registry.test_duties import lived
from tests.registry.test_posts import filled, made, vacate
from tests.registry.test_rules_of_the_day import going_by

VILLAGE, STREET, COUNTY = "150203001001", "150203001000", "150203000000"
LIMIT = timedelta(hours=24)
SCALE = """
[[rules.risk_scale]]
scale = "psychological"
clause = "一"
wording = "示例"
population = "key_care"
assessor = "civil_affairs"
urgent_hours = 24
readers = ["health"]
level_readers = ["education"]
levels = [{ name = "green" }, { name = "yellow" }, { name = "orange" }, { name = "red" }]
"""


async def villager(registry: Registry) -> UUID:
    """A child of that village, in key care."""
    (child,) = await surveyed(registry, lived(VILLAGE))
    civil = await registry(f"civil_affairs:{BAOTOU}")
    for entry in await entries(civil):
        if entry["child"]["id"] == str(child):
            assert (await decide(civil, f"/v1/key-care/{entry['id']}", "confirm")).is_success
    return child


async def posts(registry: Registry) -> dict[str, str]:
    civil = await registry(f"civil_affairs:{BAOTOU}")
    found = {}
    for kind, division in (("child_director", VILLAGE), ("child_supervisor", STREET)):
        found[kind] = await made(civil, kind, division)
        await filled(civil, found[kind])
    return found


async def red(registry: Registry, child: UUID) -> str:
    return await opened(registry, "psychological_risk", child, level="red")


async def urgent(who: httpx.AsyncClient, path: str) -> dict[str, Any]:
    found: dict[str, Any] = (await who.get(path)).json()["urgent"]
    return found


async def test_r21_red_is_a_posts_task_with_a_due_time_and_rises_until_it_is_followed_up(
    registry: Registry, tmp_path: Path
) -> None:
    amend(registry, tmp_path, "inner_mongolia", SCALE)
    who = await keeper(registry, "psychological_risk")
    held = await posts(registry)
    path = await red(registry, await villager(registry))
    begun = registry.clock.at
    first = await urgent(who, path)
    director = held["child_director"].rpartition("/")[2]
    assert first["responsible"] == {
        "step": "village",
        "division": VILLAGE,
        "kind": "child_director",
        "post": director,
    }
    assert (first["state"], first["step"]) == ("within_limit", "village")
    assert first["due_at"] == (begun + LIMIT).isoformat().replace("+00:00", "Z")
    for passed, state, step, kind in (
        (LIMIT, "within_limit", "village", "child_director"),
        (LIMIT + timedelta(seconds=1), "overdue", "township", "child_supervisor"),
        (2 * LIMIT, "overdue", "township", "child_supervisor"),
        (2 * LIMIT + timedelta(seconds=1), "overdue", "county", None),
    ):
        registry.clock.at = begun + passed
        (line,) = await listed(who, "psychological_risk", urgent=True)
        seen = line["urgent"]
        assert (seen["state"], seen["step"]) == (state, step)
        assert seen["responsible"].get("kind") == kind
    assert "urgent" not in await acted(who, path, "follow_up", reason="followed_up")
    again = await acted(who, path, "set_level", level="red")
    assert again["urgent"]["state"] == "within_limit"


async def test_r21_a_vacant_post_is_passed_over_at_once_and_says_so(
    registry: Registry, tmp_path: Path
) -> None:
    amend(registry, tmp_path, "inner_mongolia", SCALE)
    held = await posts(registry)
    civil = await registry(f"civil_affairs:{BAOTOU}")
    await vacate(civil, held["child_director"])
    path = await red(registry, await villager(registry))
    seen = await urgent(await keeper(registry, "psychological_risk"), path)
    assert (seen["step"], seen["state"]) == ("township", "within_limit")
    assert seen["responsible"]["vacant"] == ["child_director"]


async def test_r21_without_a_limit_the_post_acts_and_the_county_answers_from_the_first_instant(
    registry: Registry,
) -> None:
    """No text sets one; the silence stands on the list of what an administrator must settle."""
    await posts(registry)
    path = await red(registry, await villager(registry))
    seen = await urgent(await keeper(registry, "psychological_risk"), path)
    assert (seen["state"], seen["step"]) == ("no_limit_configured", "county")
    assert "due_at" not in seen
    assert seen["responsible"]["kind"] == "child_director"
    for place in ("inner_mongolia", "baotou"):
        points = open_points(Profiles.load(SHIPPED).by_id[place])
        assert any(
            (one.rule, one.setting, one.needed)
            == ("risk_scale.psychological", "urgent_hours", True)
            for one in points
        )


async def test_r21_of_a_shielded_child_the_county_answers(
    registry: Registry, tmp_path: Path
) -> None:
    amend(registry, tmp_path, "inner_mongolia", SCALE)
    await posts(registry)
    child = await villager(registry)
    path = await red(registry, child)
    civil = await registry(f"civil_affairs:{BAOTOU}")
    assert (await turn(civil, child)).status_code == 200
    seen = await urgent(await keeper(registry, "psychological_risk"), path)
    assert seen["responsible"] == {"step": "county", "division": COUNTY}


async def test_r21_r57_readers_of_content_see_the_task_and_readers_of_levels_do_not(
    registry: Registry, tmp_path: Path
) -> None:
    amend(registry, tmp_path, "inner_mongolia", SCALE)
    await posts(registry)
    path = await red(registry, await villager(registry))
    health = await registry(f"health:{BAOTOU}", purpose="service")
    school = await registry(f"education:{BAOTOU}", purpose="service")
    assert (await urgent(health, path))["responsible"]["kind"] == "child_director"
    before = await school.get(path)
    assert set(before.json()) == {"id", "compartment", "place", "child", "level"}
    registry.clock.at += 3 * LIMIT
    after = await school.get(path)
    assert (before.content, before.headers["ETag"]) == (after.content, after.headers["ETag"])


async def test_r57_whoever_sees_no_address_is_told_the_layer_and_no_village(
    registry: Registry, tmp_path: Path
) -> None:
    """The matrix opens to health in which county a child lives; below it a code is an address, and a post is that of a village."""
    amend(registry, tmp_path, "inner_mongolia", SCALE)
    held = await posts(registry)
    child = await villager(registry)
    path = await red(registry, child)
    health = await registry(f"health:{BAOTOU}", purpose="service")
    assert STREET[:9] not in (await health.get(f"/v1/children/{child}")).text
    first = (await urgent(health, path))["responsible"]
    assert first == {"step": "village", "division": COUNTY, "kind": "child_director"}
    await vacate(await registry(f"civil_affairs:{BAOTOU}"), held["child_director"])
    (line,) = await listed(health, "psychological_risk")
    then = {"step": "township", "division": COUNTY, "kind": "child_supervisor"}
    assert line["urgent"]["responsible"] == then


async def test_r21_r57_nobody_outside_can_tell_that_a_task_rose(
    registry: Registry, tmp_path: Path
) -> None:
    amend(registry, tmp_path, "inner_mongolia", SCALE)
    await posts(registry)
    child = await villager(registry)
    who = await keeper(registry, "psychological_risk")
    begun = registry.clock.at
    # As a worker does when it starts: otherwise the opening would keep them.
    await going_by(registry, registry.app.state.kit.profiles)
    registry.clock.at = begun + 3 * LIMIT
    seen, rows = await glance(registry, BAOTOU, child), await tables(registry)
    registry.clock.at = begun
    path = await red(registry, child)
    registry.clock.at = begun + 3 * LIMIT
    assert (await urgent(who, path))["step"] == "county"
    after = await glance(registry, BAOTOU, child)
    assert [key for key in seen if seen[key] != after[key]] == []
    assert await tables(registry) == rows


async def test_r21_the_scale_covers_children_in_key_care_and_red_any_child(
    registry: Registry,
) -> None:
    """流动困境儿童, says the text; but no danger waits for a finding."""
    (child,) = await surveyed(registry, survey(COUNTY, living_security={}))
    who = await keeper(registry, "psychological_risk")
    refused = await ask_to_open(who, "psychological_risk", child)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (
        409,
        "not-in-key-care",
    )
    path = await red(registry, child)
    assert (await who.get(path)).json()["uncovered"] is True
    covered = await opened(registry, "psychological_risk", await villager(registry))
    assert "uncovered" not in (await who.get(covered)).json()


async def test_r21_who_is_out_of_key_care_by_now_is_not_taken_in_again(registry: Registry) -> None:
    """An entry is opened again on the condition on which it was opened."""
    child = await villager(registry)
    who = await keeper(registry, "psychological_risk")
    path = await opened(registry, "psychological_risk", child, level="green")
    await acted(who, path, "close")
    civil = await registry(f"civil_affairs:{BAOTOU}")
    for entry in await entries(civil):
        await decide(civil, f"/v1/key-care/{entry['id']}", "close")
    refused = await act(who, path, "reopen")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (
        409,
        "not-in-key-care",
    )
    await taken_in(civil, child)
    assert (await acted(who, path, "reopen"))["level"] == "green"
