"""What is told of places today, by statements, and what is told of this very moment as of the past, by reckoning, is the same.

Each rule stands twice, in SQL and in Python: whoever changes one without the other is stopped here.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.registry.profiles import SHIPPED, Profiles
from tests.registry.conftest import Registry
from tests.registry.handing import JIULONGPO, moved
from tests.registry.key_care import YUZHONG, fold, link, push, survey, surveyed, turn
from tests.registry.places_in_time import RULES
from tests.registry.test_assessments import placement, post
from tests.registry.test_calendar_duties import report
from tests.registry.test_duties import STREET, VILLAGE, enrol, visit, visited
from tests.registry.test_past_of_nouns import when
from tests.registry.test_posts import act, filled
from tests.registry.test_posts import made as post_made
from tests.registry.test_rosters import answered, rows
from tests.registry.test_rosters import made as roster_made
from tests.registry.test_rules_of_the_day import going_by
from tests.registry.test_survey_rounds import WHOLE, a_round, again

CIVIL, CITY = "civil_affairs:500103", "civil_affairs:50"
OTHER_STREET = "500103002000"
AREAS: list[dict[str, Any]] = [{}, {"within": YUZHONG}, {"within": STREET}, {"within": VILLAGE}]
LAYERS = ("county", "township", "village")
COUNTS: list[dict[str, Any]] = [
    *({"by": by} for by in LAYERS),
    *({"by": "village", **area} for area in AREAS[1:]),
]


@pytest.fixture
async def place(registry: Registry, tmp_path: Any) -> list[str]:
    """A county with children of every kind that a count could tell apart; its rounds."""
    (tmp_path / "own.toml").write_text(
        'id = "own"\namends = "chongqing"\n[documents.main]\nname = "own"\nvalid_from = 2020-01-01\n'
        'valid_until = "not_configured"\n'
        + RULES.format(clause="补", months=1).replace(
            '["child"]', '["child", "parents", "family_life"]'
        ),
        encoding="utf-8",
    )
    await going_by(registry, Profiles.load(SHIPPED, tmp_path))
    home = {"division": VILLAGE, "since": "2025-06-01"}
    street = {"division": OTHER_STREET, "since": "2025-06-01"}
    whole, partly, stale, shielded, away, placed = await surveyed(
        registry,
        survey(residence=home, surveyed_on="2026-03-01", living_security={}, **WHOLE),
        survey(residence=home, surveyed_on="2026-03-01"),
        survey(residence=street, surveyed_on="2025-07-01", **WHOLE),
        survey(residence=home, surveyed_on="2026-03-01", **WHOLE),
        survey(residence=street, surveyed_on="2026-03-01"),
        survey(surveyed_on="2026-02-20"),
    )
    civil = await registry(CIVIL)
    for channel in ("phone", "self_declaration", "phone"):  # of one day: one of them stands
        await again(registry, partly, residence=home, surveyed_on="2026-03-01", channel=channel)
    old = [  # more than are kept
        survey(residence=street, observed_on=on, surveyed_on=on)
        for on in (f"2025-{1 + n % 12:02}-{1 + n // 12:02}" for n in range(25))
    ]
    await link(registry, await push(registry, CIVIL, "surveys", *old), [stale] * len(old))
    assert (await turn(civil, shielded)).status_code < 300
    await moved(registry, away, JIULONGPO, registry.clock.at.date())
    # One department's word alone: itself does not see the child by it.
    enrolled = {
        "source_id": "alone",
        "version": 1,
        "observed_on": "2026-03-01",
        "division": YUZHONG,
        "child": {"name": "示童"},
        "event": "enrolled",
        "on": "2025-09-01",
        "stage": "primary",
        "grade": "三年级",
        "residence": street,
    }
    records = await push(registry, "education:500103", "enrolments", enrolled)
    await link(registry, records, [uuid4()])
    for child in (whole, partly, shielded, placed):
        await enrol(registry, child, YUZHONG)
    await visited(registry, whole, visit(residence=home))
    await fold(registry)
    assert (await report(civil, division="500103", school="示例小学")).status_code in (201, 422)
    director = await post_made(civil, "child_director", VILLAGE)
    await filled(civil, director)
    await act(civil, director, "trainings", held_on="2026-02-10", topic="basics", hours=8)
    await post_made(civil, "child_supervisor", STREET)
    assert (
        await post(civil, "placements", **placement(placed, basis="guardian_consent"))
    ).is_success
    surveyor = await registry(CIVIL, purpose="survey")
    roster = await roster_made(surveyor, kind="national_system", division="500103")
    first, *_ = await rows(surveyor, roster)
    await answered(surveyor, roster, {"row": first["row"], "verdict": "accepted"})
    rounds = [
        await a_round(civil),
        await a_round(await registry(CITY), division="500000", opens_on="2026-02-15"),
        await a_round(civil, division="500103001", opens_on="2025-06-01", closes_on="2025-06-30"),
    ]
    registry.clock.at += timedelta(hours=1)
    return rounds


async def test_r7_r17_what_is_told_today_is_what_is_told_of_today_as_of_the_past(
    registry: Registry, place: list[str]
) -> None:
    addresses: list[tuple[str, dict[str, Any]]] = [
        *((f"{path}/completion", asked) for path in place for asked in COUNTS),
        *((f"{path}/children", area) for path in place for area in AREAS),
        *((f"{path}/children", {"stale": "true", "limit": "1"}) for path in place),
        *(
            (f"{place[0]}/children", {"reached": how})
            for how in ("complete", "incomplete", "not_surveyed")
        ),
        *(("/v1/duties/completion", asked) for asked in COUNTS),
        ("/v1/duties/completion", {"since": "2026-03-01", "until": "2026-03-01"}),
        *(("/v1/duties/schools", {"duty": "screening", **area}) for area in AREAS),
        *(("/v1/calendar-duties", area) for area in AREAS[:3]),
        *(("/v1/posts/coverage", asked) for asked in COUNTS),
        *(("/v1/posts", {"trained": said, **AREAS[2]}) for said in ("true", "false")),
        ("/v1/posts", {"vacant": "true"}),
        ("/v1/survey-rounds", {}),
        ("/v1/placements", {}),
    ]
    told: list[Any] = []
    wrong: list[Any] = []
    known = when(registry.clock.at)

    async def compare(who: httpx.AsyncClient, path: str, asked: dict[str, Any]) -> None:
        today = await who.get(path, params=asked)
        then = await who.get(path, params={**asked, **known})
        assert (today.status_code, then.status_code) in ((200, 200), (403, 403), (404, 404)), (
            path,
            asked,
            today.text,
            then.text,
        )
        found = [{k: v for k, v in one.json().items() if k != "next"} for one in (today, then)]
        told.append((path, found[0]))
        if found[0] != found[1]:
            wrong.append((path, asked, found))

    for caller in (CIVIL, CITY, "education:500103", "civil_affairs:500103001"):
        who = await registry(caller)
        for path, asked in addresses:
            await compare(who, path, asked)
    surveyor = await registry(CIVIL, purpose="survey")
    await compare(surveyor, "/v1/rosters", {})
    assert not wrong, wrong[:3]
    said = str(told)
    for word in (
        "'complete': 1",
        "'incomplete': 1",
        "'not_surveyed': 1",
        "'gap'",
        "'stale': 1",
    ):
        assert word in said, f"nothing is told of {word}"
