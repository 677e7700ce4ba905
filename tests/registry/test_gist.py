"""A gist says all that a day is asked of: whatever the day, it makes of a child what its records would."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from services.bench.registering import noon, stored
from services.population import generate
from services.registry.children import gist
from services.registry.children.building import judge, read
from services.registry.children.kit import Kit
from services.registry.profiles import SHIPPED, Profiles
from services.registry.records.feeds import FEEDS
from services.registry.records.vault import Opened
from shared.keys import new_key_set
from shared.sealing import Sealer

TOLD = date(2026, 10, 31)


@pytest.fixture(scope="module")
def kit() -> Kit:
    keys = [new_key_set() for _ in range(4)]
    territory = ((500000000000, 509999999999),)
    return Kit(Sealer(keys[0]), *keys[1:], Profiles.load(SHIPPED), territory)


def lives(kit: Kit) -> list[list[Opened]]:
    """The records of three hundred invented children of two hubs."""
    found: dict[str, list[Opened]] = {}
    for push in generate(300, 7, on=TOLD).pushes:
        plain, payload = stored(kit, push.feed, push.department, push, noon(TOLD))
        item = FEEDS[push.feed].model.model_validate_json(payload)
        found.setdefault(push.truth_child, []).append(Opened(plain, item))
    return list(found.values())


def test_r41_a_day_judged_from_a_gist_is_the_day_judged_from_the_records(kit: Kit) -> None:
    raised: set[str] = set()
    for records in lives(kit):
        child, reading = uuid4(), read(kit, records)
        written = gist.write(reading)
        again = gist.read(written, reading.payload)
        assert gist.write(again) == written
        for ahead in (0, 40, 400, 4000):
            day = TOLD + timedelta(days=ahead)
            judged = judge(kit, child, reading, [], day)
            assert judge(kit, child, again, [], day) == judged
            assert len({one.id for one in judged.alerts}) == len(judged.alerts)
            raised |= {one.kind for one in judged.alerts}
    assert {"silence", "overdue_duty", "permit_expiring", "ageing_out"} <= raised


def test_r41_what_is_open_ends_by_no_day_that_passes(kit: Kit) -> None:
    """Status, contradictions and duties follow the child; whatever a record began, only a record ends."""
    lasting = {"not_enrolled", "dropped_out", "vaccination_gap", "insurance_gap", "costly_bill"}
    lasting |= {"permit_expiring", "silence", "unaccompanied", "ageing_out"}
    for records in lives(kit):
        child, reading = uuid4(), read(kit, records)
        before: dict[object, tuple[str, date]] = {}
        for ahead in (0, 40, 400, 2000, 6000):
            judged = judge(kit, child, reading, [], TOLD + timedelta(days=ahead))
            now = {a.id: (a.state, a.raised_on) for a in judged.alerts if a.kind in lasting}
            assert before.items() <= now.items()
            before = now


def test_r41_the_next_day_of_a_child_is_the_first_on_which_an_alert_is_raised(kit: Kit) -> None:
    for records in lives(kit):
        child, reading = uuid4(), read(kit, records)
        judged = judge(kit, child, reading, [], TOLD)
        if judged.next_change_on is None:
            continue
        eve = judge(kit, child, reading, [], judged.next_change_on - timedelta(days=1))
        assert [a.held() for a in eve.alerts] == [a.held() for a in judged.alerts]
