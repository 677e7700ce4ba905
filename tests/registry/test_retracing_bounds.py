"""However much was heard of a child, its file takes bounded work, and of what that leaves out it is the oldest (R17)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice, pairwise
from typing import Any
from uuid import uuid4

import pytest

from services.bench.registering import noon, stored
from services.population import generate
from services.registry.children.kit import Kit
from services.registry.dossiers import retracing
from services.registry.dossiers.retracing import MOST_READ, retrace
from services.registry.past.gathering import Known
from services.registry.profiles import SHIPPED, Profiles
from services.registry.records.feeds import FEEDS
from services.registry.records.vault import Opened
from shared.keys import new_key_set
from shared.sealing import Sealer
from tests.registry.conftest import Registry
from tests.registry.key_care import decide, fold, link, push, survey, surveyed, the_entry

NOW = datetime(2026, 10, 31, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def kit() -> Kit:
    keys = [new_key_set() for _ in range(4)]
    territory = ((500000000000, 509999999999),)
    return Kit(Sealer(keys[0]), *keys[1:], Profiles.load(SHIPPED), territory)


def heard(kit: Kit, number: int) -> Known:
    """A child of whom so many entries speak, that came one after another over five years."""
    life: dict[str, list[Opened]] = {}
    for told in generate(20, 7, on=NOW.date()).pushes:
        plain, payload = stored(kit, told.feed, told.department, told, noon(NOW.date()))
        item = FEEDS[told.feed].model.model_validate_json(payload)
        life.setdefault(told.truth_child, []).append(Opened(plain, item))
    longest = max(life.values(), key=len)
    begun = NOW - timedelta(days=5 * 365)
    return Known(
        [
            replace(
                one,
                plain=one.plain._replace(
                    id=uuid4(),
                    entry_id=uuid4(),
                    received_at=begun + timedelta(days=5 * 365) * at / number,
                ),
            )
            for at, one in enumerate(islice(cycle(longest), number))
        ]
    )


@pytest.mark.parametrize("number", [1, 50, 250])
def test_r17_retracing_a_long_life_is_bounded_and_keeps_what_came_last(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    read: list[int] = []
    fold = retracing.fold_current

    def counted(live: Sequence[Opened], records: Sequence[Opened], **more: Any) -> Any:
        read.append(len(records))
        return fold(live, records, **more)

    monkeypatch.setattr(retracing, "fold_current", counted)
    retrace(kit, uuid4(), heard(kit, number), NOW)
    assert sum(read) <= MOST_READ + number
    assert max(read) == number, "what was heard last was left out"
    if number * (number + 1) / 2 < MOST_READ:
        assert sorted(read) == list(range(1, number + 1)), "something was left out"


@pytest.mark.parametrize("most", [1, 4, 9])
def test_r17_what_is_left_out_of_a_life_is_its_beginning(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Also where the child turned by itself, time and again, before anything more was heard."""
    known, child = heard(kit, 5), uuid4()
    days: list[date] = []
    judge = retracing.judge

    def listened(*values: Any, **more: Any) -> Any:
        days.append(values[4])
        return judge(*values, **more)

    monkeypatch.setattr(retracing, "judge", listened)
    retrace(kit, child, known, NOW)
    whole = sorted(days)
    days.clear()
    monkeypatch.setattr(retracing, "MOST_POINTS", most)
    retrace(kit, child, known, NOW)
    assert most <= len(days) < len(whole)
    assert sorted(days) == whole[-len(days) :]


@pytest.mark.parametrize("most", [2, 4, 9])
def test_r17_a_life_that_is_too_long_is_told_in_parts_of_which_nothing_is_lost(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Each part says before which instant it leaves things out; whoever asks for what was known then is told of those."""
    known, child = heard(kit, 12), uuid4()

    def steps(now: datetime) -> tuple[set[tuple[datetime, datetime]], datetime | None]:
        """From point to point: whatever was settled was settled at one of these."""
        points, since = retracing._points(kit, child, known, now)
        return set(pairwise(at for at, _ in points)), since

    whole, since = steps(NOW)
    assert since is None
    monkeypatch.setattr(retracing, "MOST_POINTS", most)
    told, since = steps(NOW)
    assert not told >= whole
    while since is not None:
        before = since
        more, since = steps(before)
        told |= more
        assert since is None or since < before, "it goes on for ever"
    assert told >= whole


async def test_r17_a_file_that_leaves_something_out_says_so(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what it left out is told to who asks for what was known then."""
    (child,) = await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    path, _ = await the_entry(civil, category="family_hardship")
    assert (await decide(civil, path, "confirm")).status_code == 200
    await fold(registry)
    for day in range(1, 5):
        registry.clock.at += timedelta(days=day)
        visited = survey(observed_on="2026-03-01")
        await link(
            registry, await push(registry, "civil_affairs:500103", "surveys", visited), [child]
        )

    async def file(**asked: Any) -> dict[str, Any]:
        reply = await civil.get(f"/v1/children/{child}/dossier", params={"limit": 500, **asked})
        found: dict[str, Any] = reply.json()
        return found

    def proposed(seen: dict[str, Any]) -> list[dict[str, Any]]:
        return [one for one in seen["events"] if one["kind"] == "key_care_proposed"]

    whole = await file()
    assert "incomplete_before" not in whole
    assert proposed(whole)
    monkeypatch.setattr(retracing, "MOST_POINTS", 2)
    seen = await file()
    assert proposed(seen) == []
    told: list[dict[str, Any]] = []
    while "incomplete_before" in seen:
        seen = await file(known_at=seen["incomplete_before"])
        told += proposed(seen)
    assert {one["id"] for one in told} == {one["id"] for one in proposed(whole)}


async def test_r17_a_review_whose_beginning_was_left_out_is_told_under_no_false_day(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its evidence was recalled before what the file goes back to; the part before that tells of it."""
    item = survey()
    records = await push(registry, "civil_affairs:500103", "surveys", item)
    child = uuid4()
    await link(registry, records, [child])
    civil = await registry("civil_affairs:500103")
    path, _ = await the_entry(civil, category="family_hardship")
    assert (await decide(civil, path, "confirm")).status_code == 200
    await fold(registry)
    registry.clock.at += timedelta(days=1)
    await civil.post("/v1/surveys/recalls", json={"source_ids": [item["source_id"]]})
    for day in range(1, 5):
        registry.clock.at += timedelta(days=day)
        visited = survey(observed_on="2026-03-01", living_security={})
        await link(
            registry, await push(registry, "civil_affairs:500103", "surveys", visited), [child]
        )

    async def reviews(**asked: Any) -> tuple[set[tuple[str, str]], str | None]:
        reply = await civil.get(f"/v1/children/{child}/dossier", params={"limit": 500, **asked})
        seen = reply.json()
        found = [one for one in seen["events"] if one["kind"] == "key_care_review"]
        return {(one["id"], one["at"]) for one in found}, seen.get("incomplete_before")

    whole, since = await reviews()
    assert len(whole) == 1 and since is None
    monkeypatch.setattr(retracing, "MOST_POINTS", 2)
    told, since = await reviews()
    assert (told, since is not None) == (set(), True)
    while since is not None:
        more, since = await reviews(known_at=since)
        assert more <= whole
        told |= more
    assert told == whole
