"""Agreeing: whether persons say what their entries say, and links weigh what their models say.

What proving.py shows of rows one by one, this shows of what follows from them: a person's document is its entries'
features, standardised; its keys are those of its keying; whoever a review or ruling binds is held doubtful; and a link's
evidence, weighed again by the model it was decided by, gives its weight.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.sealing import Strongroom
from services.matching.keyings import queries as keyings
from services.matching.keyings.following import Keys
from services.matching.keyings.keying import Keying
from services.matching.linkage import weights
from services.matching.linkage.comparison import COMPARISONS
from services.matching.linkage.normalization import Features, Standard, standardise
from services.matching.linkage.persons import Person
from services.matching.linkage.weights import Model
from services.matching.links.queries import Connection
from shared.database import raw
from shared.sealing import Unsealable

Said = tuple[Standard, tuple[int, ...]]
"""An entry's features, standardised, and the marks under which a register listed it."""

PAGE = 500
_NAME = COMPARISONS.index("name")
_CLOSE = 1e-9
_BOUND = """
SELECT unnest(ARRAY[one, other]) FROM reviews WHERE closed_at IS NULL AND (one = ANY($1) OR other = ANY($1))
UNION SELECT e.person FROM entries e JOIN ruling_entries r USING (entry) WHERE e.person = ANY($1)
"""


async def faults_of(session: AsyncSession, keys: Keys, model: Model) -> AsyncIterator[str]:
    """A line for each row that does not agree; rows that do not open are left to proving.py.

    ``model`` is any model: keyings name their own rules.
    """
    connection = await raw(session)
    regime = await keyings.regime(connection)
    strongrooms = {
        k.number: Strongroom(
            keys.master,
            keys.index,
            model,
            [Keying(k.number, k.index_key, k.rules, is_current=True)],
        )
        for k in (regime.keyings if regime else ())
        if k.index_key in keys.index.keys
    }
    after = UUID(int=0)
    while rows := await connection.fetch(
        "SELECT person, sealed, doubtful, keying FROM persons"
        " WHERE sealed IS NOT NULL AND person > $1 ORDER BY person LIMIT $2",
        after,
        PAGE,
    ):
        for fault in await _page(connection, strongrooms, rows):
            yield fault
        after = rows[-1]["person"]
    async for fault in _evidence_faults(connection):
        yield fault


async def _page(
    connection: Connection, strongrooms: Mapping[int, Strongroom], rows: Sequence[Any]
) -> list[str]:
    persons = [row["person"] for row in rows]
    entries: dict[UUID, list[Any]] = {}
    for entry in await connection.fetch(
        "SELECT person, entry, version, sealed FROM entries"
        " WHERE person = ANY($1) AND sealed IS NOT NULL",
        persons,
    ):
        entries.setdefault(entry["person"], []).append(entry)
    bound = {row[0] for row in await connection.fetch(_BOUND, persons)}
    found = []
    for row in rows:
        if strongroom := strongrooms.get(row["keying"]):
            what = _person_fault(strongroom, row, entries.get(row["person"], ()))
            if what is None and row["person"] in bound and not row["doubtful"]:
                what = "a review or ruling binds it, and it is not held doubtful"
            if what is not None:
                found.append(f"persons {row['person']}: {what}")
    return found


def _person_fault(strongroom: Strongroom, row: Any, entries: Sequence[Any]) -> str | None:
    try:
        person = strongroom.open_person(row["person"], row["sealed"], doubtful=row["doubtful"])
        if not _says_the_same(strongroom, person, entries):
            return "it says other than its entries"
    except (Unsealable, ValueError):
        return None
    if person.keys != strongroom.keys_of_person(person):
        return "its keys are not those of what it says"
    return None


def _says_the_same(strongroom: Strongroom, person: Person, entries: Sequence[Any]) -> bool:
    said = said_of(person)
    return all(
        said.get(row["entry"])
        == said_in(strongroom.open_entry(row["entry"], row["version"], row["sealed"]))
        for row in entries
    )


def said_of(person: Person) -> dict[UUID, Said]:
    """What the person's document holds of each of its entries."""
    return {
        entry: (standard, sight.listed)
        for standard, card in person.cards.items()
        for entry, sight in card.items()
    }


def said_in(features: Features) -> Said:
    """What it should hold of an entry of these features."""
    return standardise(features), tuple(features.get("listed", ()))


async def _evidence_faults(connection: Connection) -> AsyncIterator[str]:
    models = {
        row["rule_version"]: weights.parse(row["text"])
        for row in await connection.fetch("SELECT rule_version, text FROM models")
    }
    for table, key in (("entries", "entry"), ("reviews", "review")):
        cursor = connection.cursor(
            f"SELECT {key}, weight, rule_version, levels, weights FROM {table}", prefetch=PAGE
        )
        async for row in cursor:
            if (what := _evidence_fault(models.get(row["rule_version"]), row)) is not None:
                yield f"{table} {row[key]}: {what}"


def _evidence_fault(model: Model | None, row: Any) -> str | None:
    """Replays a decision's weight from its levels; the name's alone may be moved by its frequency."""
    levels = row["levels"].split()
    if not levels and not row["weights"] and not row["weight"]:
        return None
    if model is None:
        return "it was decided by a model that is not registered"
    if not len(levels) == len(row["weights"]) == len(COMPARISONS):
        return "its evidence is not whole"
    for at, (table, level, weight) in enumerate(
        zip(model.weights, levels, row["weights"], strict=True)
    ):
        if level not in table:
            return "its evidence names a level that its model has not"
        free = at == _NAME and level == "exact"
        if not free and abs(table[level] - weight) > _CLOSE:
            return "its evidence weighs other than its model says"
    if abs(model.prior + sum(row["weights"]) - row["weight"]) > _CLOSE:
        return "its evidence does not add up to its weight"
    return None
