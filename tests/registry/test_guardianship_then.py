"""Guardianship of the past goes by whose an assessment or a placement was held to be then, not by what was found since."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.registry.conftest import Registry
from tests.registry.key_care import link, push, survey
from tests.registry.test_assessments import assessment, placement, post

CIVIL = "civil_affairs:500103"
GUARDIANSHIP = {"assessment", "placement"}


async def noted(civil: httpx.AsyncClient, child: UUID) -> None:
    assessed = await post(civil, "assessments", **assessment(child, "weak"))
    placed = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    assert (assessed.status_code, placed.status_code) == (201, 201), assessed.text + placed.text


async def told(civil: httpx.AsyncClient, child: UUID, moment: datetime) -> tuple[int, int]:
    """How many assessments and placements a child had by what was known then; its file of then tells the same."""
    known: dict[str, Any] = {"known_at": moment.isoformat()}
    reply = await civil.get(f"/v1/children/{child}/guardianship", params=known)
    file = await civil.get(f"/v1/children/{child}/dossier", params={**known, "limit": 500})
    assert (reply.status_code, file.status_code) == (200, 200), reply.text + file.text
    seen = reply.json()
    kinds = [one["kind"] for one in file.json()["events"] if one["kind"] in GUARDIANSHIP]
    found = len(seen["assessments"]), len(seen["placements"])
    assert found == (kinds.count("assessment"), kinds.count("placement"))
    return found


async def test_r17_r31_what_was_noted_of_another_was_not_the_childs_before_they_were_found_one(
    registry: Registry,
) -> None:
    one, other = uuid4(), uuid4()
    records = await push(registry, CIVIL, "surveys", survey(), survey())
    await link(registry, records, [one, other])
    civil = await registry(CIVIL)
    await noted(civil, other)
    moment = registry.clock.at
    assert await told(civil, one, moment) == (0, 0)
    registry.clock.at += timedelta(days=1)
    await link(registry, records[1:], [one])
    assert await told(civil, one, moment) == (0, 0)
    assert await told(civil, one, registry.clock.at) == (1, 1)


async def test_r17_r31_what_was_noted_of_a_child_was_its_own_before_it_was_found_another_s(
    registry: Registry,
) -> None:
    one, other = uuid4(), uuid4()
    records = await push(registry, CIVIL, "surveys", survey(), survey())
    await link(registry, records, [one, one])
    civil = await registry(CIVIL)
    await noted(civil, one)
    moment = registry.clock.at
    registry.clock.at += timedelta(days=1)
    anchored = await registry.system(
        "SELECT r.id FROM assessments a JOIN records r ON r.entry_id = a.anchor"
    )
    await link(registry, [row["id"] for row in anchored], [other])
    assert await told(civil, one, moment) == (1, 1)
    assert await told(civil, one, registry.clock.at) == (0, 0)
    assert await told(civil, other, registry.clock.at) == (1, 1)
