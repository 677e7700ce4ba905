"""The demo's figures, gathered from the running hubs and held against the truth of the population."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
import orjson

from services.demo.pushing import Pushed
from services.local.hub import LocalHub
from services.population import Population, Quality, pairwise, status_on


@dataclass(frozen=True, slots=True)
class HubFigures:
    children: int
    linkage: Quality
    statuses: dict[str, int]
    missing: dict[str, int]
    agreeing: float
    """Share of children whose status equals the truth's, among those whose home is known to be here."""
    key_care: dict[str, dict[str, int]]


async def gather(
    hub: LocalHub, population: Population, pushed: Pushed, day: date
) -> tuple[HubFigures, dict[UUID, str]]:
    """A hub's figures, and the true child behind each registered one."""
    connection = await asyncpg.connect(hub.database_url("registry", "owner"))
    try:
        await connection.execute("SELECT set_config('hutong.department', 'system', false)")
        links = await connection.fetch(
            "SELECT entry_id, person FROM links WHERE person IS NOT NULL"
        )
        children = await connection.fetch(
            "SELECT id, status, decision, residence_code FROM children"
        )
        care = await connection.fetch(
            "SELECT category, state, count(*) AS n FROM key_care GROUP BY 1, 2 ORDER BY 1, 2"
        )
    finally:
        await connection.close()
    truth = {str(e): c for (h, e), c in pushed.child_of.items() if h == hub.name}
    found = {str(r["entry_id"]): r["person"] for r in links}
    members: dict[UUID, Counter[str]] = {}
    for entry, person in found.items():
        if entry in truth:
            members.setdefault(person, Counter())[truth[entry]] += 1
    true_child = {person: counts.most_common(1)[0][0] for person, counts in members.items()}
    by_id = {child.id: child for child in population.children}
    here = next(h for h in population.places.hubs if h.name == hub.name)
    agreeing = judged = 0
    for row in children:
        if row["id"] not in true_child:
            continue
        expected = status_on(by_id[true_child[row["id"]]], here, day)
        if expected is not None:
            judged += 1
            agreeing += expected == row["status"]
    by_category: dict[str, dict[str, int]] = {}
    for row in care:
        by_category.setdefault(row["category"], {})[row["state"]] = row["n"]
    figures = HubFigures(
        children=len(children),
        linkage=pairwise(truth, found),
        statuses=dict(Counter(r["status"] for r in children).most_common()),
        missing=_missing(children),
        agreeing=agreeing / judged if judged else 0.0,
        key_care=by_category,
    )
    return figures, true_child


def _missing(children: list[asyncpg.Record]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for row in children:
        counts.update(orjson.loads(row["decision"])["missing"])
    return dict(counts.most_common())
