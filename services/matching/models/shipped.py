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
_PRIOR = re.compile(r"(?m)^prior = (\S+)$")


def text(children: int = MADE_FOR) -> bytes:
    """The model for a hub of about so many children: among half as many, a candidate is twice as likely the same child.

    The prior goes by half bits, so that most guesses of one hub's number make one model (docs/adr/0038-how-many-children.md).
    """
    carried = resources.files(linkage).joinpath("model.toml").read_text(encoding="utf-8")
    bits = round(2 * log2(MADE_FOR / max(children, FEWEST))) / 2
    return _PRIOR.sub(lambda line: f"prior = {float(line[1]) + bits}", carried).encode()


def model(children: int = MADE_FOR) -> Model:
    return weights.parse(text(children))
