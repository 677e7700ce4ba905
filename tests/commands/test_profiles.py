"""`hutong profile`: the rules of a place, printed."""

from collections.abc import Awaitable, Callable

from services.registry.profiles import SHIPPED, Profiles
from tests.commands.conftest import Shell

Done = Callable[..., Awaitable[str]]


async def test_the_rules_of_a_place_are_shown_with_clauses_and_open_points(done: Done) -> None:
    said = await done("profile", "show", "500103", "--on", "2026-03-01")
    profile = Profiles.load(SHIPPED).by_id["chongqing"]
    assert profile.fingerprint in said
    assert "months = 6" in said and "渝民发〔2024〕13号 二(一)1" in said
    assert "assumed" in said and "not_configured" in said


async def test_rules_not_yet_in_force_are_not_shown(done: Done) -> None:
    before, after = [
        await done("profile", "show", "429006", "--on", on) for on in ("2025-07-29", "2025-07-30")
    ]
    assert "migrant_child" not in before
    assert "migrant_child" in after


async def test_a_place_without_a_profile_says_so(shell: Shell) -> None:
    result = await shell("profile", "show", "110101")
    assert (result.exit_code, result.output.strip()) == (1, "no profile covers 110101")


async def test_every_open_point_of_every_profile_is_listed(done: Done) -> None:
    said = await done("profile", "check")
    profiles = Profiles.load(SHIPPED).by_id.values()
    points = sum(len(one.open_points()) for one in profiles)
    assert f"{len(profiles)} profiles are valid; {points} points are open" in said
    assert all(point.setting in said for one in profiles for point in one.open_points())
