"""Retention: what is due to go is so by rules that are data, one for every feed."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.erasures import retention
from services.registry.erasures.retention import BadRules, Facts, Retention, Rule, due
from services.registry.records.feeds import FEEDS

RULES = {
    "surveys": Rule(None, ""),
    "enrolments": Rule(1, "市档案局批复"),
    "assistance": Rule(10, "社会救助档案管理办法"),
}


@pytest.mark.parametrize(
    ("feed", "observed", "day", "expected"),
    [
        ("surveys", "1990-01-01", "2026-03-02", (Retention.NOT_CONFIGURED, None)),
        ("enrolments", "2025-03-02", "2026-03-01", (Retention.KEPT, "2026-03-02")),
        ("enrolments", "2025-03-02", "2026-03-02", (Retention.DUE, "2026-03-02")),
        ("enrolments", "2024-02-29", "2025-02-28", (Retention.KEPT, "2025-03-01")),
        ("enrolments", "2024-02-29", "2025-03-01", (Retention.DUE, "2025-03-01")),
        ("assistance", "2025-03-02", "2030-03-02", (Retention.KEPT, "2035-03-02")),
        ("enrolments", "2030-01-01", "2026-03-02", (Retention.KEPT, "2031-01-01")),
    ],
)
def test_what_is_due(
    feed: str, observed: str, day: str, expected: tuple[Retention, str | None]
) -> None:
    facts = Facts(feed, date.fromisoformat(observed))

    verdict = due(facts, RULES, date.fromisoformat(day))

    assert verdict.retention is expected[0]
    assert (verdict.due_on.isoformat() if verdict.due_on else None) == expected[1]
    assert bool(verdict.clause) == (expected[1] is not None)


DAYS = st.dates(date(1950, 1, 1), date(2100, 1, 1))


@given(observed=DAYS, later=DAYS, day=DAYS, years=st.integers(1, 50))
def test_once_due_always_due_and_a_newer_observation_never_shortens(
    observed: date, later: date, day: date, years: int
) -> None:
    rules = {"enrolments": Rule(years, "x")}
    first = due(Facts("enrolments", min(observed, later)), rules, day)
    second = due(Facts("enrolments", max(observed, later)), rules, day)

    assert first.due_on is not None
    assert second.due_on is not None
    assert first.due_on <= second.due_on
    assert first.due_on.year == min(observed, later).year + years
    for verdict in (first, second):
        assert (verdict.retention is Retention.DUE) == (day >= (verdict.due_on or day))


def test_the_shipped_rules_name_every_feed_and_borrow_no_period() -> None:
    rules = retention.load()

    assert set(rules) == set(FEEDS)
    assert {rule.years for rule in rules.values()} == {None}


@pytest.mark.parametrize(
    "given_rule",
    [
        "years = 0\nclause = 'x'",
        "years = 101\nclause = 'x'",
        "years = true\nclause = 'x'",
        "years = 5",
        "years = 'five'\nclause = 'x'",
        "clause = 'x'",
    ],
)
def test_a_period_must_be_one_and_rest_on_something(tmp_path: Path, given_rule: str) -> None:
    text = retention.SHIPPED.read_text(encoding="utf-8")
    path = tmp_path / "retention.toml"
    head = '[feeds.surveys]\nyears = "not configured"'
    assert head in text
    path.write_text(text.replace(head, f"[feeds.surveys]\n{given_rule}"), encoding="utf-8")

    with pytest.raises(BadRules, match="surveys"):
        retention.load(path)


def test_a_left_out_or_unknown_feed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "retention.toml"
    path.write_text('[feeds.gossip]\nyears = "not configured"\n', encoding="utf-8")

    with pytest.raises(BadRules, match="gossip"):
        retention.load(path)
