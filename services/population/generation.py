"""Generating a population: the same arguments always give the same children and the same pushes.

Cast: a *push* is one item with its hub, its department and the child it truly speaks of; a
*population* is the children with everything that is pushed about them, in the order of days.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

from services.population import (
    families,
    hardships,
    health,
    items,
    policing,
    schooling,
    welfare,
)
from services.population.dirt import FILLERS, Soiler
from services.population.people import Child
from services.population.places import CHONGQING_AND_HEZE, Hub, Places
from services.population.rates import Rates
from services.population.reports import DEPARTMENTS, Report, Scene

LAST_DAY = date(2026, 10, 31)
PERSONAL = frozenset({"name", "former_name", "id_number", "phone", "address"})


@dataclass(frozen=True, slots=True)
class Push:
    """One item on its way to a hub; `dirt` names the errors that were made in it."""

    hub: str
    department: str
    division: str
    feed: str
    item: dict[str, Any]
    truth_child: str
    day: date
    dirt: tuple[str, ...]

    @property
    def source(self) -> str:
        """The client that pushes: one for each department of a hub."""
        return f"{self.hub}-{self.department}"


@dataclass(frozen=True, slots=True)
class Population:
    """Invented children, the truth about them on the day `on`, and what is pushed about them."""

    places: Places
    on: date
    children: tuple[Child, ...]
    pushes: tuple[Push, ...]

    def personal_values(self) -> frozenset[str]:
        """Every name, number, phone and address as pushed: what no dump and no log may contain."""
        return frozenset(value for push in self.pushes for value in _personal(push.item))

    def to_ndjson(self, directory: Path) -> None:
        """Write `HUB/FEED.ndjson` for each feed of each hub, and `HUB/truth.ndjson` beside them.

        A truth line links an entry to its child: hub, source, feed, source_id, child.
        """
        lines: dict[Path, list[str]] = defaultdict(list)
        for push in self.pushes:
            folder = directory / push.hub
            lines[folder / f"{push.feed}.ndjson"].append(_line(push.item))
            truth = {
                "hub": push.hub,
                "source": push.source,
                "feed": push.feed,
                "source_id": push.item["source_id"],
                "child": push.truth_child,
            }
            if push.item["version"] == 1:
                lines[folder / "truth.ndjson"].append(_line(truth))
        for path, written in lines.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(written), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Life:
    """One child and what is pushed about it, in no order of days."""

    child: Child
    pushes: tuple[Push, ...]


def generate(
    children: int,
    seed: int,
    places: Places = CHONGQING_AND_HEZE,
    *,
    on: date = LAST_DAY,
    factor: float = 1.0,
    rates: Rates | None = None,
) -> Population:
    """Invent `children` children as of the day `on`, and three years of pushes about them.

    Every error rate is multiplied by `factor`: 0 gives the same world without errors.
    """
    lived = list(lives(children, seed, places, on=on, factor=factor, rates=rates))
    pushes = sorted((push for life in lived for push in life.pushes), key=lambda push: push.day)
    return Population(places, on, tuple(life.child for life in lived), tuple(pushes))


def lives(
    children: int,
    seed: int,
    places: Places = CHONGQING_AND_HEZE,
    *,
    on: date = LAST_DAY,
    factor: float = 1.0,
    rates: Rates | None = None,
    kept: float = 1.0,
) -> Iterator[Life]:
    """As ``generate``, one child at a time, holding one family: for corpora of any size.

    Of all reports, the share ``kept`` is pushed; where none would be, the child's first one is.
    """
    # Sources of chance of their own, so that errors do not change lives; none guards a secret.
    random, slips = Random(seed), Random(f"slips {seed}")  # noqa: S311
    soiler = Soiler(slips, (rates or Rates()).scaled(factor))
    thinning = Thinning(Random(f"kept {seed}"), kept)  # noqa: S311
    register = families.Register()
    running: dict[tuple[str, str], int] = defaultdict(int)
    born = 0
    while born < children:
        family = [
            replace(child, hardships=hardships.draw(random, places, child, on))
            for child in families.draw(random, places, register, on)
        ][: children - born]
        born += len(family)
        for child in family:
            siblings = [other for other in family if other is not child]
            scene = Scene(random, places, child, on)
            yield Life(child, tuple(_pushes(scene, siblings, soiler, thinning, running)))


@dataclass(frozen=True, slots=True)
class Thinning:
    """Which of a child's reports reach a hub at all."""

    random: Random
    kept: float

    def of(self, reports: Iterator[tuple[Hub, Report]]) -> Iterator[tuple[Hub, Report]]:
        if self.kept >= 1:
            yield from reports
            return
        seen, first = 0, None
        for report in reports:
            first = first or report
            if self.random.random() < self.kept:
                seen += 1
                yield report
        if first and not seen:
            yield first


def _pushes(
    scene: Scene,
    siblings: list[Child],
    soiler: Soiler,
    thinning: Thinning,
    running: dict[tuple[str, str], int],
) -> Iterator[Push]:
    """Everything that both hubs' departments push about one child."""
    cards: dict[tuple[str, str], tuple[dict[str, Any], tuple[str, ...]]] = {}
    reports = chain(
        policing.reports(scene),
        schooling.reports(scene),
        health.reports(scene),
        welfare.reports(scene),
    )
    inside = (
        (hub, report)
        for report in reports
        if (hub := scene.hub_of(report.place)) is not None and report.day <= scene.on
    )
    for hub, report in thinning.of(inside):
        running[hub.name, report.feed] += 1
        source_id = f"{report.feed}-{running[hub.name, report.feed]:07d}"
        item = items.build(scene.child, report, source_id)
        system = (hub.name, report.feed)
        held = cards.get(system)
        if held is None or soiler.retyped(held[1], scene.child, report.day):
            cards[system] = soiler.card(
                report.feed, item["child"], scene.child, siblings, report.day
            )
        card, errors = cards[system]
        item["child"] = dict(card)
        around = soiler.surroundings(item, scene.child, report.day)
        yield _push(scene, hub, report, item, tuple(dict.fromkeys(errors + around)))
        if errors and soiler.happens(soiler.rates.corrected):
            day = report.day + timedelta(days=soiler.random.randint(10, 60))
            if day <= scene.on:
                right = items.build(scene.child, report, source_id)
                right |= {"version": 2, "observed_on": day.isoformat()}
                yield _push(scene, hub, replace(report, day=day), right, ())


def _push(
    scene: Scene, hub: Hub, report: Report, item: dict[str, Any], dirt: tuple[str, ...]
) -> Push:
    return Push(
        hub=hub.name,
        department=DEPARTMENTS[report.feed],
        division=item["division"],
        feed=report.feed,
        item=item,
        truth_child=scene.child.id,
        day=report.day,
        dirt=dirt,
    )


def _personal(content: Any) -> Iterator[str]:
    if isinstance(content, list):
        for part in content:
            yield from _personal(part)
    elif isinstance(content, dict):
        for key, value in content.items():
            if key in PERSONAL and value and value not in FILLERS:
                yield value
            else:
                yield from _personal(value)


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"
