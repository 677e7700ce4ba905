"""Retention (保存期限): how long each feed's entries are kept, as data, and which are due.

Pure: it says what is due and erases nothing, because nothing ends by itself.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from services.registry.records.feeds import FEEDS

SHIPPED = Path(__file__).with_name("retention.toml")
NOT_CONFIGURED = "not configured"
LONGEST_YEARS = 100


class BadRules(ValueError):
    """The file names an unknown feed, leaves one out, or gives a period that is none."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``years`` is None where the place has not decided."""

    years: int | None
    clause: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What retention looks at: the feed of an entry and the day on which its source last observed it."""

    feed: str
    last_observed_on: date


class Retention(StrEnum):
    NOT_CONFIGURED = "not_configured"
    KEPT = "kept"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``due_on`` is the first day on which the entry is kept no longer."""

    retention: Retention
    due_on: date | None
    clause: str


@cache
def load(path: Path = SHIPPED) -> Mapping[str, Rule]:
    """The rules by feed; BadRules unless every feed has exactly one."""
    feeds = tomllib.loads(path.read_text(encoding="utf-8")).get("feeds", {})
    if set(feeds) != set(FEEDS):
        raise BadRules(f"feeds unknown or left out: {sorted(set(feeds) ^ set(FEEDS))}")
    return {feed: _rule(feed, given) for feed, given in feeds.items()}


def _rule(feed: str, given: Mapping[str, Any]) -> Rule:
    years, clause = given.get("years"), given.get("clause", "")
    if years == NOT_CONFIGURED:
        return Rule(None, "")
    if not isinstance(years, int) or isinstance(years, bool) or not 1 <= years <= LONGEST_YEARS:
        raise BadRules(f"{feed}: years is a whole number from 1 to {LONGEST_YEARS}")
    if not isinstance(clause, str) or not clause.strip():
        raise BadRules(f"{feed}: a period names the clause it rests on")
    return Rule(years, clause)


def due(facts: Facts, rules: Mapping[str, Rule], day: date) -> Verdict:
    """Whether an entry has been kept for as long as it may be."""
    rule = rules[facts.feed]
    if rule.years is None:
        return Verdict(Retention.NOT_CONFIGURED, None, "")
    due_on = _years_after(facts.last_observed_on, rule.years)
    return Verdict(Retention.DUE if day >= due_on else Retention.KEPT, due_on, rule.clause)


def _years_after(day: date, years: int) -> date:
    """The same day of a later year; for a 29 February without one, the day after, so that none is kept too short."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
