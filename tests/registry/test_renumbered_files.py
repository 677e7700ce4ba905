"""A child's file whose county ends, or comes by another code: somebody always has it, and can hand it over.

Cast: 渝北 and 江北 became 两江新区 on 6 November 2025, which had a local code until then; 茨竹, as invented here, is a township of
渝北 that passes to 北碚.
"""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry.profiles import Profiles
from shared import divisions
from tests.registry.conftest import Registry
from tests.registry.handing import acted, civil, listed, moved, proposed, responsible, told
from tests.registry.test_successions import (
    BEIBEI,
    CIZHU,
    DAY,
    EVE,
    JIANGBEI,
    LIANGJIANG,
    LOCAL,
    TRANSFER,
    YUBEI,
    at,
    differences,
    sweep,
)

MARCH, OCTOBER = date(2025, 3, 3), date(2025, 10, 6)
yubei, jiangbei, beibei, liangjiang, local = (
    divisions.text_of(code) for code in (YUBEI, JIANGBEI, BEIBEI, LIANGJIANG, LOCAL)
)
HIGH_TECH = "500172000000"


async def lived(registry: Registry, *stays: tuple[str, date]) -> UUID:
    child = uuid4()
    for place, since in stays:
        await moved(registry, child, place, since)
    return child


async def of(registry: Registry, place: str, child: UUID, **asked: Any) -> list[tuple[str, ...]]:
    rows = await listed(await civil(registry, place), **asked)
    return [
        (one["state"], one["giving"], one["taking"]) for one in rows if one["child"] == str(child)
    ]


async def test_r2_what_is_due_or_proposed_goes_on_with_the_county_that_took_over(
    registry: Registry,
) -> None:
    at(registry, EVE)
    due = await lived(registry, (yubei, MARCH), (beibei, OCTOBER))
    asked = await lived(registry, (yubei, MARCH), (beibei, OCTOBER))
    agreed = await lived(registry, (yubei, MARCH), (beibei, OCTOBER))
    old, other = await civil(registry, yubei), await civil(registry, beibei, "staff-8")
    path = (await proposed(old, asked, beibei)).headers["Location"]
    second = (await proposed(old, agreed, beibei)).headers["Location"]
    taken = await acted(other, second, "accept", effective_on="2025-12-01")
    assert taken.status_code == 200, taken.text
    assert await of(registry, yubei, due) == [("due", yubei, beibei)]

    at(registry, DAY)
    await sweep(registry)
    for office in (yubei, liangjiang):
        assert await of(registry, office, due) == [("due", liangjiang, beibei)]
        assert await of(registry, office, asked) == [("proposed", liangjiang, beibei)]
        assert await of(registry, office, agreed) == [("accepted", liangjiang, beibei)]
    new = await civil(registry, liangjiang)
    assert await responsible(new, asked) == liangjiang
    assert await responsible(other, asked, EVE) == yubei
    revoked = await acted(new, path, "revoke", reason="proposed_wrongly")
    assert revoked.status_code == 200, revoked.text
    assert (await proposed(new, asked, beibei)).status_code == 201
    assert (await acted(new, second, "revoke", reason="came_back")).status_code == 200
    assert not await differences(registry)


async def test_r2_a_handover_between_two_counties_that_became_one_holds_nothing_up(
    registry: Registry,
) -> None:
    at(registry, EVE)
    child = await lived(registry, (yubei, MARCH), (jiangbei, OCTOBER))
    assert (await proposed(await civil(registry, yubei), child, jiangbei)).status_code == 201
    at(registry, DAY)
    await sweep(registry)
    new = await civil(registry, liangjiang)
    assert await responsible(new, child) == liangjiang
    assert await listed(new) == []
    assert (await proposed(new, child, beibei)).status_code == 201
    assert not await differences(registry)


async def test_r2_a_county_with_a_local_code_has_files_like_any_other(registry: Registry) -> None:
    at(registry, EVE)
    child = await lived(registry, (local, MARCH))
    at(registry, DAY)
    await sweep(registry)
    new = await civil(registry, liangjiang)
    assert await responsible(new, child) == liangjiang
    assert await responsible(new, child, EVE) == local
    await told(registry, child, liangjiang, DAY, "civil_affairs")
    assert await responsible(new, child) == liangjiang
    assert await listed(new) == [], "it went nowhere"
    assert (await proposed(new, child, HIGH_TECH)).status_code == 201
    (asked,) = await listed(await civil(registry, HIGH_TECH))
    assert (asked["giving"], asked["taking"]) == (liangjiang, HIGH_TECH)
    assert not await differences(registry)


async def test_r2_of_a_township_that_passed_to_another_county_the_file_is_due_there(
    registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("exchange")
    (folder / "exchange.toml").write_text(TRANSFER, encoding="utf-8")
    state = registry.app.state
    state.kit = replace(state.kit, profiles=Profiles.of_hub(folder))
    at(registry, EVE)
    child = await lived(registry, (divisions.text_of(CIZHU), MARCH))
    assert await of(registry, beibei, child) == []
    at(registry, DAY)
    await sweep(registry)
    assert await of(registry, beibei, child) == [("due", liangjiang, beibei)]
    assert not await differences(registry)
