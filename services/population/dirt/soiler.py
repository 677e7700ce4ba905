"""Soiling one item: its child block as a whole system would, the rest report by report."""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from services.population.dirt import dates, family, homes, numbers, writing
from services.population.dirt.slips import Slips
from services.population.people import Child
from services.population.rates import Rates


@dataclass(frozen=True, slots=True)
class Soiler:
    """Makes errors: one table of rates, one source of chance."""

    random: Random
    rates: Rates

    def happens(self, share: float) -> bool:
        return self.random.random() < share

    def card(
        self, feed: str, stated: dict[str, Any], child: Child, siblings: list[Child], day: date
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The child block as a system of `feed` holds it, and the errors in it."""
        card, labels, slips = dict(stated), list[str](), Slips(self.random, self.rates)
        for make in (numbers.soil, writing.soil, dates.soil_birth, dates.soil_sex):
            if label := make(slips, feed, card, child, siblings, day):
                labels.append(label)
        return card, tuple(labels)

    def retyped(self, labels: tuple[str, ...], child: Child, day: date) -> bool:
        """Whether a system's card is typed anew; most are once a newborn has got its name."""
        outgrown = (day - child.born).days >= writing.NEWBORN_DAYS
        if "name_placeholder" in labels and outgrown:
            return self.happens(self.rates.named_later)
        return self.happens(self.rates.reentered)

    def surroundings(self, item: dict[str, Any], child: Child, day: date) -> tuple[str, ...]:
        """Change guardians, hukou and residence of `item` in place; name the errors."""
        slips = Slips(self.random, self.rates)
        return (*family.soil(slips, item, child), *homes.soil(slips, item, child, day))
