"""The linkage model this release carries, for a hub of any number of children."""

import re
from importlib import resources
from math import log2
from typing import Final

from services.matching import linkage
from services.matching.linkage import weights
from services.matching.linkage.weights import Model

#: Children of the hub that the file's prior is for.
MADE_FOR: Final = 1_000_000
#: In a smaller hub, chance would let the prior rise further; what a slip of the pen makes of one child's name and date would not.
FEWEST: Final = 100_000
#: In a smaller hub, chance makes so few children alike that whoever shares anything is compared.
LARGE: Final = 400_000
_PRIOR = re.compile(r"(?m)^prior = (\S+)$")
_OF_LARGE_HUBS = re.compile(r"(?m)^(faint|families) = .*$")


def text(children: int = MADE_FOR) -> bytes:
    """The model for a hub of about so many children: among half as many, a candidate is twice as likely the same child.

    The prior goes by half bits, so that most guesses of one hub's number make one model (docs/adr/0038-how-many-children.md). Whom
    a record is compared with goes by whether the hub is a large one (docs/adr/0041-whom-to-compare.md).
    """
    carried = resources.files(linkage).joinpath("model.toml").read_text(encoding="utf-8")
    bits = round(2 * log2(MADE_FOR / max(children, FEWEST))) / 2
    if children < LARGE:
        carried = _OF_LARGE_HUBS.sub(r"\1 = []", carried)
    return _PRIOR.sub(lambda line: f"prior = {float(line[1]) + bits}", carried).encode()


def model(children: int = MADE_FOR) -> Model:
    return weights.parse(text(children))
