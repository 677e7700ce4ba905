"""Reading the rules themselves: the profile of a place, and the access matrix."""

import pytest

from services.registry.access.matrix import FULL, MASKED, matrix, open_groups
from services.registry.profiles import SHIPPED, Profiles, open_points
from shared.vocabulary import Department, Purpose, Scope
from tests.registry.conftest import FixedClock, Registry

PROFILES = Profiles.load(SHIPPED)


async def test_a_place_shows_its_rules_whoever_asks(registry: Registry) -> None:
    education = await registry(
        "education:3717", scopes=frozenset({Scope.PROFILES_READ}), purpose=None, actor=None
    )
    reply = await education.get("/v1/profiles/500103?on=2026-03-01")
    assert reply.status_code == 200
    said = reply.json()
    chongqing = PROFILES.by_id["chongqing"]
    assert (said["division"], said["on"], said["id"]) == ("500103000000", "2026-03-01", "chongqing")
    assert said["fingerprint"] == chongqing.fingerprint
    rules = {(one["family"], one.get("key", "")): one for one in said["rules"]}
    definition = rules["migrant_child", ""]
    assert definition["clause"] == "渝民发〔2024〕13号 二(一)1"
    assert definition["settings"]["months"] == 6
    assert definition["settings"]["cross_county"] is True
    (city,) = rules["central_districts", ""]["settings"]["cities"]
    assert city["area"] == "50" and "500157000000" in city["members"]
    visits = rules["cadence", "key_care_home_visit"]
    assert visits["settings"]["period"] == "not_configured"
    assert "clause" not in rules["day_counting", ""]  # this software's own
    assert len(said["open_points"]) == len(open_points(chongqing))


async def test_r63_a_city_shows_which_rules_it_inherits(registry: Registry) -> None:
    civil = await registry("civil_affairs:15")
    said = (await civil.get("/v1/profiles/150203")).json()
    assert (said["id"], said["inherits"]) == ("baotou", ["inner_mongolia"])
    assert {"baotou", "inner_mongolia"} <= {one.get("profile") for one in said["rules"]}


async def test_r33_every_family_is_shown_with_its_words_and_its_contradictions(
    registry: Registry,
) -> None:
    civil = await registry("civil_affairs:429006")
    said = (await civil.get("/v1/profiles/429006?on=2026-03-01")).json()
    rules = {(one["family"], one.get("key", "")): one for one in said["rules"]}
    visit = rules["cadence", "migrant_home_visit"]
    assert visit["settings"]["period"] == {"unit": "month", "count": 3, "times": 1, "occasions": []}
    assert "每三个月上门走访一次" in visit["wording"]
    assert (visit["profile"], visit["valid_from"]) == ("tianmen", "2025-07-30")
    assert rules["report", "guardian_fails_duty"]["settings"]["only_if"] == ["serious"]
    assert {one["wording"] for one in said["rules"] if one.get("clause")} > {visit["wording"]}
    points = {one["rule"]: one for one in said["open_points"] if one["kind"] == "contradiction"}
    conflict = points["application_place.rehabilitation"]
    assert "三(五)" in conflict["clause"] and "附件第11项" in conflict["clause"]
    levels = (await civil.get("/v1/profiles/150203")).json()["rules"]
    (scale,) = [one for one in levels if one["family"] == "risk_scale"]
    assert scale["settings"]["levels"][0] == {"name": "green", "follow_up_days": "not_configured"}


async def test_only_rules_in_force_on_the_day_are_shown(
    registry: Registry, clock: FixedClock
) -> None:
    civil = await registry("civil_affairs:429006")
    shown = {
        on: {one["family"] for one in (await civil.get(f"/v1/profiles/429006{on}")).json()["rules"]}
        for on in ("?on=2025-07-29", "?on=2025-07-30", "")
    }
    assert "migrant_child" not in shown["?on=2025-07-29"]
    assert "migrant_child" in shown["?on=2025-07-30"]
    assert shown[""] == shown["?on=2025-07-30"], f"today is {clock.now():%F}"


@pytest.mark.parametrize(
    ("asked", "status"), [("110101", 404), ("5001030", 422), ("nowhere", 422), ("000000", 422)]
)
async def test_a_place_without_rules_is_not_found(
    registry: Registry, asked: str, status: int
) -> None:
    civil = await registry("civil_affairs:50")
    assert (await civil.get(f"/v1/profiles/{asked}")).status_code == status


async def test_the_access_matrix_is_shown_as_it_is_applied(registry: Registry) -> None:
    education = await registry(
        "education:3717", scopes=frozenset({Scope.ACCESS_READ}), purpose=None, actor=None
    )
    reply = await education.get("/v1/access")
    assert reply.status_code == 200
    said = reply.json()
    for department in Department:
        for purpose in Purpose:
            cell = said["cells"].get(department, {}).get(purpose, {})
            assert cell == dict(open_groups(department, purpose))
    assert said["cells"]["education"]["verification"]["id_number"] == MASKED
    assert said["cells"]["education"]["verification"]["school"] == FULL
    assert said["categories"] == matrix()["categories"]


@pytest.mark.parametrize("path", ["/v1/profiles/500103", "/v1/access"])
async def test_each_needs_its_own_scope(registry: Registry, path: str) -> None:
    other = Scope.ACCESS_READ if "profiles" in path else Scope.PROFILES_READ
    caller = await registry("education:50", scopes=frozenset({other}))
    assert (await caller.get(path)).status_code == 403
