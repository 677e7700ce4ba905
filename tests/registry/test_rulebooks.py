"""Rulebooks that somebody wrote, changed or took away past the hub, and rules that come and go: what is answered and named."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.registry.profiles import SHIPPED, Profiles
from services.registry.rulebooks import adopting, keeping
from shared.database import SYSTEM, raw
from tests.registry.conftest import Registry
from tests.registry.key_care import surveyed
from tests.registry.test_assessments import placement, post
from tests.registry.test_cases import HOME, opened
from tests.registry.test_pressing import pressed
from tests.registry.test_rosters import made
from tests.registry.test_rules_of_the_day import REPORT, dated_back, going_by
from tests.registry.test_survey_rounds import a_round
from tests.registry.test_vanishing import faults

FORGED = (
    "INSERT INTO rulebooks (id, fingerprint, adopted_at, files, mac) SELECT gen_random_uuid(), fingerprint,"
    " adopted_at + interval '1 minute', files, mac FROM rulebooks"
)
HARMS = {
    "inserted": FORGED,
    "moved": "UPDATE rulebooks SET adopted_at = adopted_at - interval '1 hour'",
    "no files": "UPDATE rulebooks SET files = '[]'",
    "no pairs": "UPDATE rulebooks SET files = '[1, null, {{}}]'",
    "no list": "UPDATE rulebooks SET files = '\"x\"'",
    "no text": "UPDATE rulebooks SET files = '[[1, 2]]'",
    "other text": "UPDATE rulebooks SET files = jsonb_set(files, '{0,1}', '\"x = 1\"')",
    "no hash": "UPDATE rulebooks SET fingerprint = ''",
}


async def readers(registry: Registry) -> list[tuple[httpx.AsyncClient, str, dict[str, Any]]]:
    """Every address that reads by the rules of then."""
    civil = await registry(f"civil_affairs:{HOME}")
    counting = await registry(f"civil_affairs:{HOME}", purpose="statistics")
    verifying = await registry(f"civil_affairs:{HOME}", purpose="verification")
    (child,) = await surveyed(registry)
    await a_round(civil)
    placed = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    case = await opened(civil, child_id=str(child), child=None)
    await made(verifying, kind="feedback", to="police", division=HOME)
    then = {"known_at": registry.clock.now().isoformat()}
    return [
        (civil, case, {}),
        (civil, "/v1/cases", {}),
        (civil, "/v1/cases", then),
        (civil, f"/v1/placements/{placed.json()['id']}", {}),
        (civil, "/v1/placements", {}),
        (civil, f"/v1/children/{child}/guardianship", {}),
        (civil, f"/v1/children/{child}/guardianship", then),
        (civil, f"/v1/children/{child}", then),
        (civil, f"/v1/children/{child}/dossier", then),
        (civil, f"/v1/children/{child}/dossier", {}),
        (civil, "/v1/handovers", {**then, "child": str(child)}),
        (civil, "/v1/survey-rounds", {}),
        (civil, f"/v1/profiles/{HOME}", then),
        (verifying, "/v1/rosters", {}),
        (counting, "/v1/figures", {"division": HOME, **then}),
    ]


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
async def test_r52_a_rulebook_that_the_hub_did_not_write_so_breaks_no_reader(
    registry: Registry, tmp_path: Path, harm: str
) -> None:
    """What is read is read by rules that can be proven; a figure is counted by those of then, or not at all."""
    await going_by(registry, Profiles.load(SHIPPED))
    asked = await readers(registry)
    registry.clock.at += timedelta(hours=2)
    await dated_back(registry, tmp_path, "chongqing", REPORT, "reply_hours = 1")
    registry.clock.at += timedelta(hours=2)
    before = [(await client.get(path, params=more)).status_code for client, path, more in asked]
    assert set(before) == {200}
    keeping._read.clear()
    where = (
        "" if "INSERT" in harm else " WHERE adopted_at = (SELECT min(adopted_at) FROM rulebooks)"
    )
    await registry.system(harm.replace("{{}}", "{}") + where)
    for client, path, more in asked:
        reply = await client.get(path, params=more)
        if path == "/v1/figures" and reply.status_code != 200:
            assert reply.status_code == 409
            assert reply.json()["type"].endswith("/rules-not-provable")
        else:
            assert reply.status_code == 200, (path, reply.text)
    await pressed(registry)
    assert [one for one in await faults(registry) if one.startswith("rulebook")]


async def test_r52_no_figure_is_counted_by_rules_that_somebody_put_in_the_place_of_others(
    registry: Registry, tmp_path: Path
) -> None:
    await going_by(registry, Profiles.load(SHIPPED))
    counting = await registry(f"civil_affairs:{HOME}", purpose="statistics")
    registry.clock.at += timedelta(hours=2)
    then = {"division": HOME, "known_at": registry.clock.now().isoformat()}
    await dated_back(registry, tmp_path, "chongqing", REPORT, "reply_hours = 1")
    await registry.system(FORGED)
    registry.clock.at += timedelta(hours=2)
    then = {**then, "known_at": registry.clock.now().isoformat()}
    for reply in (
        await counting.get("/v1/figures", params=then),
        await counting.post(
            "/v1/figure-publications",
            json={**then, "on": "2026-03-02"},
            headers={"Idempotency-Key": "k"},
        ),
    ):
        assert reply.status_code == 409, reply.text
        assert reply.json()["type"].endswith("/rules-not-provable")
    assert await registry.system("SELECT 1 FROM figures") == []


async def test_r52_a_rulebook_that_this_release_does_not_read_counts_no_figure_and_breaks_nothing(
    registry: Registry,
) -> None:
    counting = await registry(f"civil_affairs:{HOME}", purpose="statistics")
    old = Profiles({}, (("formerly.toml", b'id = "formerly"\nformerly_a_key = true\n'),))
    kit = registry.app.state.kit
    async with registry.database.transaction(SYSTEM) as session:
        await adopting.adopt(await raw(session), kit.audit, old, registry.clock.now())
    then = {"division": HOME, "known_at": registry.clock.now().isoformat()}
    registry.clock.at += timedelta(hours=2)
    reply = await counting.get("/v1/figures", params=then)
    assert (reply.status_code, reply.json()["type"].rsplit("/")[-1]) == (409, "rules-not-readable")


async def test_r52_a_rulebook_that_was_taken_away_is_missed(
    registry: Registry, tmp_path: Path
) -> None:
    await going_by(registry, Profiles.load(SHIPPED))
    registry.clock.at += timedelta(hours=2)
    await dated_back(registry, tmp_path, "chongqing", REPORT, "reply_hours = 1")
    assert await faults(registry) == []
    (gone,) = await registry.system(
        "DELETE FROM rulebooks WHERE adopted_at = (SELECT max(adopted_at) FROM rulebooks) RETURNING id"
    )
    assert await faults(registry) == [f"rulebook {gone['id']} was taken away"]


async def test_r52_replicas_of_two_releases_do_not_adopt_their_rules_in_turn(
    registry: Registry, tmp_path: Path
) -> None:
    """Whatever each of them decides meanwhile; a hub that is put back to the earlier rules goes by those again."""
    civil = await registry(f"civil_affairs:{HOME}")
    old = Profiles.load(SHIPPED)
    await going_by(registry, old)
    registry.clock.at += timedelta(hours=1)
    await dated_back(registry, tmp_path, "chongqing", REPORT, "reply_hours = 1")
    kit = registry.app.state.kit
    new = kit.profiles
    for profiles in (old, new, old, new):
        object.__setattr__(kit, "profiles", profiles)
        registry.clock.at += timedelta(minutes=1)
        await opened(civil)
    kept = "SELECT fingerprint FROM rulebooks ORDER BY adopted_at"
    both = [keeping.fingerprint_of(one) for one in (old, new)]
    assert [row["fingerprint"] for row in await registry.system(kept)] == both
    registry.clock.at += timedelta(hours=1)
    await going_by(registry, old)
    assert [row["fingerprint"] for row in await registry.system(kept)] == [*both, both[0]]


async def test_r52_what_began_a_moment_before_other_rules_were_first_kept_is_read_by_those_it_was_decided_by(
    registry: Registry, tmp_path: Path
) -> None:
    """Two acts at once while new rules arrive: the one that began first is the later one to write."""
    kit = registry.app.state.kit
    before = kit.profiles
    await going_by(registry, before)
    (tmp_path / "own.toml").write_text(
        'id = "own"\namends = "chongqing"\n[documents.main]\nname = "补"\n'
        'valid_from = 2020-01-01\nvalid_until = "not_configured"\n',
        encoding="utf-8",
    )
    after = Profiles.load(SHIPPED, tmp_path)
    first = registry.clock.now() + timedelta(seconds=1)
    second = first + timedelta(seconds=1)
    async with registry.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        for instant in (second, first, first):
            await adopting.keep(connection, kit.audit, after, instant)
        read = await adopting.as_adopted(connection, kit.audit, before, [first, second])
        kept = await connection.fetchval("SELECT count(*) FROM rulebooks")
    assert {one.files for one in read.values()} == {after.files}
    assert kept == 3, "each once"
