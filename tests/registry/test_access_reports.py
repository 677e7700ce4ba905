"""The yearly report on access to minors' data: it adds up to the trail it was made of, or says that it does not."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.registry.access_reports.reading import report_of
from services.registry.access_reports.reporting import Counting
from shared import sequencing
from shared.database import SYSTEM
from tests.registry.compartments import BAOTOU, keeper, living, opened
from tests.registry.conftest import Registry

entry = st.fixed_dictionaries(
    {
        "at": st.timedeltas(timedelta(0), timedelta(days=4)).map(
            lambda passed: datetime(2025, 12, 30, tzinfo=UTC) + passed
        ),
        "department": st.sampled_from(["education", "police"]),
        "purpose": st.sampled_from(["service", ""]),
        "operation": st.sampled_from(["children.read", "compartments.read", "clients.add"]),
        "subjects": st.lists(st.integers(0, 5).map(lambda n: UUID(int=n)), max_size=3),
        "chain": st.binary(min_size=2, max_size=2),
    }
)


@given(st.lists(entry), st.randoms(use_true_random=False))
def test_r57_each_entry_is_counted_once_in_whatever_order(
    drawn: list[dict[str, Any]], rng: random.Random
) -> None:
    trail = [{**one, "seq": number} for number, one in enumerate(drawn, start=1)]
    reports = []
    for year in (2025, 2026):
        counting, shuffled = Counting(year), Counting(year)
        counting.add(trail)
        shuffled.add(rng.sample(trail, len(trail)))
        assert counting.report(0) == shuffled.report(0)
        reports.append(counting.report(0))
    assert all(report.reconciled for report in reports)
    assert reports[0].accesses + reports[0].touching_nobody == reports[1].other_years
    touched = {
        child
        for one in trail
        for child in one["subjects"]
        if not one["operation"].startswith("compartments.")
    }
    assert touched == set() or max(report.children for report in reports) > 0
    for report in reports:
        for line in report.lines:
            assert line.children <= min(report.children, 3 * line.accesses)
            assert (line.operation == "compartments") == (line.department == "")


@given(st.lists(entry, min_size=2), st.data())
def test_r57_a_trail_with_a_gap_does_not_reconcile(
    drawn: list[dict[str, Any]], data: st.DataObject
) -> None:
    trail = [{**one, "seq": number} for number, one in enumerate(drawn, start=1)]
    del trail[data.draw(st.integers(0, len(trail) - 2))]
    counting = Counting(2026)
    counting.add(trail)
    assert not counting.report(0).reconciled


def test_r57_the_year_turns_at_midnight_in_shanghai() -> None:
    midnight = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
    one = {
        "department": "police",
        "purpose": "service",
        "operation": "children.read",
        "subjects": [UUID(int=1)],
        "chain": b"",
    }
    counting = Counting(2026)
    counting.add(
        [
            {**one, "at": midnight, "seq": 1},
            {**one, "at": midnight - timedelta(microseconds=1), "seq": 2},
        ]
    )
    report = counting.report(0)
    assert (report.accesses, report.other_years) == (1, 1)


async def test_r57_a_report_of_real_accesses_adds_up_and_names_no_compartment(
    registry: Registry,
) -> None:
    child = await living(registry, BAOTOU)
    await opened(registry, "misconduct", child)
    school = await registry(f"education:{BAOTOU}", purpose="service")
    for _ in range(2):
        assert (await school.get(f"/v1/children/{child}")).status_code == 200
    await (await keeper(registry, "misconduct")).get("/v1/compartments/misconduct/entries")
    year = registry.clock.at.year
    async with registry.database.snapshot(SYSTEM) as session:
        early = await report_of(session, year)
    assert early.waiting > 0 and not early.reconciled
    async with registry.database.transaction(SYSTEM) as session:
        while await sequencing.number(session, "audit_entries"):
            pass
    async with registry.database.snapshot(SYSTEM) as session:
        report = await report_of(session, year)
    assert report.reconciled and report.chain
    lines = {(line.department, line.operation): line for line in report.lines}
    read = lines["education", "children.read"]
    assert (read.accesses, read.children) == (2, 1)
    assert lines["", "compartments"].accesses >= 2
    assert not [line for line in report.lines if line.department == "political_legal"]
