"""Chance, and the slips of a hand that types digits."""

from dataclasses import dataclass
from random import Random
from typing import Final

from services.population.rates import Rates

FILLERS: Final = frozenset({"无", "不详", "0", "宝宝", "新生儿", "未取名", "待定"})
"""What is written where nothing is known: it tells nothing about anybody."""


@dataclass(frozen=True, slots=True)
class Slips:
    """One table of rates, one source of chance."""

    random: Random
    rates: Rates

    def happens(self, share: float) -> bool:
        return self.random.random() < share

    def one_of(self, **rates: float) -> str | None:
        """At most one error of a kind, each with its own rate."""
        draw = self.random.random()
        for label, rate in rates.items():
            draw -= rate
            if draw < 0:
                return label
        return None

    def another_digit(self, number: str) -> str:
        at = int(self.random.random() * (len(number) - 1))
        digit = self.random.choice([one for one in "0123456789" if one != number[at]])
        return number[:at] + digit + number[at + 1 :]

    def transposed(self, number: str) -> str:
        """Two unequal neighbours exchanged."""
        unequal = [at for at in range(len(number) - 1) if number[at] != number[at + 1]]
        at = self.random.choice(unequal)
        return number[:at] + number[at + 1] + number[at] + number[at + 2 :]
