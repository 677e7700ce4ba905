"""Beginning: which county had a child's file before anybody handed it over; pure.

The county where the child was first said to live, among those whose word counts: counties that have, or had, the child by
what holds of its residence (``children.residing``), and counties whose own civil affairs registered the child with themselves,
even if others outvoted them since.  Hence a move that two departments report leaves the file where it was, and nobody gets it
by reporting an older stay, or by reporting more.  A county that one department named once, and nobody heard, has no file.

Where nobody says where the child lives: its hukou county inside this hub; else the county of the office that first reported
it.

What another hub *offers* takes the file from no county of ours, whatever comes with the offer: only its acceptance does
(``answering.py``).  Of a child that nobody here knew, what came with an offer is evidence as any other word of that hub's
about its own territory; and as long as nobody else speaks of the child, the county that offers it has it.
"""

from collections.abc import Collection, Iterator, Sequence

from services.registry.children.claiming import claims_of
from services.registry.children.claims import RESTATING
from services.registry.children.folding import Fold, fold_current
from services.registry.children.precedence import Precedence, Said, of_one_child
from services.registry.children.renumbering import InLine
from services.registry.records.feeds import PeerFacts
from services.registry.records.vault import Opened
from shared import divisions
from shared.vocabulary import Department

Ranges = Collection[tuple[int, int]]


def first_county(
    folded: Fold,
    live: Sequence[Opened],
    records: Sequence[Opened],
    territory: Ranges,
    in_line: InLine = divisions.in_line,
) -> int:
    """The county; ``live`` are the newest records of entries that stand, ``records`` all versions of the child's."""
    offers = [r for r in live if _offered_by(r, territory) is not None]
    others = [r for r in live if r not in offers]
    if offers and not others:
        first = _first_said(folded, records, [])
        return first if first is not None else _office(min(offers, key=_received), territory)
    if offers and _heard(others, records) < _heard(offers, records):
        folded, live, records = _without(offers, live, records, in_line)
    first = _first_said(folded, records, list(_registered(live, records)))
    if first is not None:
        return first
    hukou = folded.hukou_code
    if hukou is not None and inside(hukou, territory):
        return divisions.county_of(hukou)
    return _office(min(live or records, key=_received), territory)


def gives_way(
    live: Sequence[Opened],
    records: Sequence[Opened],
    taking: int,
    territory: Ranges,
    in_line: InLine = divisions.in_line,
) -> bool:
    """Whether the county that has the child by ``first_county`` alone gives way once ``taking`` accepts it from another hub.

    It does where one department's word is all that it has, and another one knows the child in the county that accepts.
    """
    offers = [r for r in live if _offered_by(r, territory) is not None]
    folded, live, records = _without(offers, live, records, in_line)
    registered = list(_registered(live, records))
    first = _first_said(folded, records, registered)
    sure = {e.county for e in folded.residing.episodes if e.confirmed} | {c for _, c in registered}
    return first not in sure and _known_in(folded, taking)


def _without(
    offers: Sequence[Opened], live: Sequence[Opened], records: Sequence[Opened], in_line: InLine
) -> tuple[Fold, list[Opened], list[Opened]]:
    """The child as it would be known if none of this had been offered."""
    entries = {r.plain.entry_id for r in offers}
    live, records = (
        [r for r in some if r.plain.entry_id not in entries] for some in (live, records)
    )
    return fold_current(live, records, in_line=in_line), live, records


def _first_said(
    folded: Fold, records: Sequence[Opened], registered: Sequence[tuple[Said, int]]
) -> int | None:
    known = {e.county for e in folded.residing.episodes} | {county for _, county in registered}
    if len(known) < 2:  # what nearly all children come to, with nothing to be compared
        return next(iter(known), None)
    return min([*_held(folded, Precedence(records)), *registered])[1]


def _known_in(folded: Fold, county: int) -> bool:
    """Whether some department says that the child lives, or lived, in the county; what another hub says does not count."""
    held = (stay for episode in folded.residing.episodes for stay in episode.claims)
    return any(
        stay.source.department != Department.HUB and divisions.in_line(stay.code, county)
        for stay in (*held, *folded.residing.unconfirmed)
    )


def inside(code: int, territory: Ranges) -> bool:
    return any(low <= code <= high for low, high in territory)


def _heard(some: Sequence[Opened], records: Sequence[Opened]) -> Said:
    """When the hub first heard of this child from any of these entries: what is corrected afterwards was not heard later for
    that, and what spoke of somebody else before was not heard earlier."""
    newest = {r.plain.entry_id: r for r in some}
    earlier = (r for r in records if (now := newest.get(r.plain.entry_id)) and of_one_child(r, now))
    return min(map(_received, (*some, *earlier)))


def _received(record: Opened) -> Said:
    return record.plain.received_at, record.plain.id.int


def _office(record: Opened, territory: Ranges) -> int:
    """The county of the office that reported it; of what another hub offered, the county that offers."""
    offering = _offered_by(record, territory)
    return divisions.county_of(record.plain.division) if offering is None else offering


def _offered_by(record: Opened, territory: Ranges) -> int | None:
    item = record.item
    if not isinstance(item, PeerFacts) or item.handed_over_by is None:
        return None
    county = divisions.county_of(divisions.widen(item.handed_over_by))
    return None if inside(county, territory) else county


def _held(folded: Fold, precedence: Precedence) -> Iterator[tuple[Said, int]]:
    for episode in folded.residing.episodes:
        for stay in episode.claims:
            county = divisions.county_of(stay.code)
            said = precedence.first_said(stay.source, county, lambda r: claims_of(r).stays)
            yield said, county


def _registered(live: Sequence[Opened], records: Sequence[Opened]) -> Iterator[tuple[Said, int]]:
    """What civil affairs of a county said of its own county, in any version of an entry that stands and names nobody else."""
    standing = {r.plain.entry_id: r for r in live}
    for record in records:
        plain = record.plain
        if (
            plain.department != Department.CIVIL_AFFAIRS
            or plain.feed in RESTATING
            or plain.residence_code is None
            or not _names(record, standing.get(plain.entry_id))
        ):
            continue
        office = divisions.county_of(plain.division)
        if divisions.county_of(plain.residence_code) == office:
            yield _received(record), office


def _names(record: Opened, newest: Opened | None) -> bool:
    if newest is None or record.item is None or newest.item is None:
        return False
    one, other = record.item.child, newest.item.child
    return (one.name, one.birth_date) == (other.name, other.birth_date) or (
        one.id_number is not None and one.id_number == other.id_number
    )
