"""Renumbering: which of the counties that claims name are one place, because the code of one took over from another's.  Pure.

A county that has one heir is one place with it: the words of both sides weigh together, and no child moves because its county
was abolished, renamed or merged.  Two counties that were merged stay two places to whoever had lived in both.  Of a county that
was split nobody knows which heir a child is in: its words join an heir once that one is supported by itself, and until then
the child stays where it was.
"""

from collections.abc import Callable, Collection, Iterable
from itertools import combinations

from shared import divisions

#: Whether two codes are of one county, or the county of one took over from that of the other.
InLine = Callable[[int, int], bool]


def places(
    counties: Iterable[int], supported: Callable[[], Collection[int]], in_line: InLine
) -> dict[int, int]:
    """Each county's place, named by one of them; ``counties`` in the order in which they are lived in.

    ``supported`` gives those that enough is said of by themselves; it is asked only where it matters.
    """
    ordered = list(dict.fromkeys(counties))
    if len(ordered) < 2:
        return {county: county for county in ordered}
    if not any(in_line(a, b) for a, b in combinations(ordered, 2)):
        return {county: county for county in ordered}
    enough = supported()
    groups: list[list[int]] = []
    for county in ordered:
        fits = [g for g in groups if all(_one_place(county, one, enough, in_line) for one in g)]
        if fits:
            fits[-1].append(county)
        else:
            groups.append([county])
    return {county: group[0] for group in groups for county in group}


def same_place(one: int, other: int, in_line: InLine) -> bool:
    """Whether an office of the one county is an office of the other: of a split county none of its heirs is."""
    return one == other or _one_place(one, other, (), in_line)


def _one_place(one: int, other: int, supported: Collection[int], in_line: InLine) -> bool:
    if not in_line(one, other):
        return False
    for old, heir in ((one, other), (other, one)):
        if heir in (heirs := divisions.heirs_of(old)):
            return heir in supported or _sole(heirs)
    return True


def _sole(heirs: Collection[int]) -> bool:
    """Whether they are one heir and what took over from that one again."""
    return all(divisions.in_line(a, b) for a in heirs for b in heirs)
