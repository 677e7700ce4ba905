"""Collecting cyclic garbage seldom: nothing that a batch makes is cyclic, and there is much of it.

A collection looks at every object made since the last, so one that falls into a batch costs as much as linking or
folding it.  But requests and replies of the services to one another are cyclic, and hold a batch's bytes each: whoever
sends them must not let too many wait.
"""

import gc

YOUNG = 50_000
LINKING = 1_000_000
"""More objects than the linker's largest batch holds at once; matching calls nobody with more than a line."""


def settle(young: int = YOUNG) -> None:
    """Leave what was loaded at start out of every collection, and collect after ``young`` objects that stayed."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, 20, 50)
