"""Collecting cyclic garbage seldom: nothing that a batch makes is cyclic, and there is much of it.

A collection looks at every object made since the last, so one that falls into a batch costs as much as linking or
folding it. What exceptions and tasks leave behind waits for some hundred thousand of its kind, some tens of megabytes.
"""

import gc

_YOUNG = 200_000
"""More objects than the largest batch holds at once."""


def settle() -> None:
    """Leave what was loaded at start out of every collection, and let none fall into a batch."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)
