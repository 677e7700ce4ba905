"""Who would have to be looked at again under another model: whoever resembles somebody, and whoever no longer holds."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.matching.linkage.deciding import decide
from services.matching.linkage.decisions import Known
from services.matching.linkage.judging import assess, is_related, judge
from services.matching.linkage.persons import Person
from services.matching.links import queries as links
from services.matching.links.linker import Linker
from services.matching.links.queries import Connection, StoredPerson
from services.matching.previews import queries
from services.matching.previews.grouping import Tie

#: Opened persons kept at hand: pairs come by their first person, so most are met again soon.
REMEMBERED = 20_000


@dataclass(slots=True)
class Survey:
    """``sizes`` of persons that are tied, in units; ``unsteady``: would part by themselves."""

    ties: list[Tie] = field(default_factory=list)
    sizes: dict[UUID, int] = field(default_factory=dict)
    unsteady: list[UUID] = field(default_factory=list)
    persons: int = 0


async def survey(connection: Connection, linker: Linker, *, same_rules: bool) -> Survey:
    """All ties under the linker's model, by persons as they stand in this transaction."""
    found = Survey()
    table = "blocking_keys" if same_rules else queries.TEMPORARY_KEYS
    if not same_rules:
        await queries.make_temporary_keys(connection)
    async for page in queries.pages(connection):
        keys = await asyncio.to_thread(_look_at_each, linker, page, found, with_keys=not same_rules)
        if keys:
            await queries.add_temporary_keys(connection, keys)
    if not same_rules:
        await connection.execute(f"CREATE INDEX ON {table} (key, person)")
        await connection.execute(f"ANALYZE {table}")
    remembered: dict[UUID, Person] = {}
    async for pairs in queries.pairs(connection, table, linker.model.key_cap):
        wanted = {person for pair in pairs for person in pair}
        if len(remembered) > REMEMBERED:
            remembered = {p: one for p, one in remembered.items() if p in wanted}
        rows = await links.persons(connection, wanted - remembered.keys())
        await asyncio.to_thread(_look_at_pairs, linker, rows, pairs, remembered, found)
    await _add_standing_ties(connection, linker, found)
    return found


def _open(linker: Linker, row: StoredPerson) -> Person:
    return linker.strongroom.open_person(row.person, row.sealed, doubtful=row.doubtful)


def _look_at_each(
    linker: Linker, page: Sequence[StoredPerson], found: Survey, *, with_keys: bool
) -> list[tuple[int, UUID]]:
    """Note who would part; their keys under the linker's rules, if asked for."""
    keys: list[tuple[int, UUID]] = []
    for row in page:
        found.persons += 1
        person = _open(linker, row)
        if with_keys:
            keys += [(key, row.person) for key in linker.strongroom.keys_of_person(person)]
        if len(person.entries) > 1 and not _holds(linker, person):
            found.unsteady.append(row.person)
    return keys


def _holds(linker: Linker, person: Person) -> bool:
    known = Known({person.person: person})
    outcome = decide(linker.model, (), known, lambda _: (), linker.frequency, [[person.person]])
    return not outcome.placements and not outcome.doubts


def _look_at_pairs(
    linker: Linker,
    rows: Iterable[StoredPerson],
    pairs: Iterable[tuple[UUID, UUID]],
    remembered: dict[UUID, Person],
    found: Survey,
) -> None:
    for row in rows:
        remembered[row.person] = _open(linker, row)
    for one, other in pairs:
        a, b = remembered[one], remembered[other]
        weight = _resemblance(linker, a, b)
        if weight is not None:
            found.ties.append(Tie(one, other, weight))
            found.sizes |= {one: a.size, other: b.size}


def _resemblance(linker: Linker, one: Person, other: Person) -> float | None:
    """What the best card of the lesser known shows beside the other; None where nothing relates them."""
    small, large = sorted((one, other), key=lambda p: (p.size, p.person))
    best: float | None = None
    for features in small.cards:
        evidence = assess(linker.model, features, large.profile, linker.frequency)
        if is_related(evidence, judge(linker.model, evidence)):
            best = evidence.weight if best is None else max(best, evidence.weight)
    return best


async def _add_standing_ties(connection: Connection, linker: Linker, found: Survey) -> None:
    """Whoever waits for a review, or is held together by a ruling, is looked at together."""
    ties = [
        Tie(one, other, weight) for one, other, weight in await queries.open_reviews(connection)
    ]
    for persons in await queries.persons_ruled_together(connection):
        ties += [Tie(persons[0], person, 0.0, ruled=True) for person in persons]
    unknown = {person for tie in ties for person in (tie.one, tie.other)} - found.sizes.keys()
    for row in await links.persons(connection, unknown):
        found.sizes[row.person] = _open(linker, row).size
    found.ties += ties
