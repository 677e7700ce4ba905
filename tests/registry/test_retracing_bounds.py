"""However much was heard of a child, its file takes bounded work, and of what that leaves out it is the oldest (R17)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
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

NOW = datetime(2026, 10, 31, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def kit() -> Kit:
    keys = [new_key_set() for _ in range(4)]
    territory = ((500000000000, 509999999999),)
    return Kit(Sealer(keys[0]), *keys[1:], Profiles.load(SHIPPED), territory)


def heard(kit: Kit, number: int) -> Known:
    """A child of whom so many entries speak, that came one after another over five years."""
    life: dict[str, list[Opened]] = {}
    for push in generate(20, 7, on=NOW.date()).pushes:
        plain, payload = stored(kit, push.feed, push.department, push, noon(NOW.date()))
        item = FEEDS[push.feed].model.model_validate_json(payload)
        life.setdefault(push.truth_child, []).append(Opened(plain, item))
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
