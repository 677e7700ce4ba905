"""Asking for persons by partial evidence, as an official who knows little of a child would."""

import asyncio
import time
from collections.abc import Iterator
from itertools import cycle
from typing import cast

from services.evaluation.corpus import Corpus
from services.evaluation.hub import Hub
from services.evaluation.resolving import Run
from services.matching.linkage.normalization import Features
from services.matching.searches.searching import find
from shared.database import SYSTEM

AT_ONCE = 8
FOUND = 10

KNOWN = (
    ("name", "birth_date"),
    ("id_number",),
    ("name", "guardians"),
    ("name", "hukou_division", "sex"),
    ("birth_date", "residence_division", "sex"),
    ("name", "school"),
)
"""What the one who asks knows."""


async def ask(hub: Hub, corpus: Corpus, run: Run, count: int) -> None:
    """Ask ``count`` times one after another, then as often with eight asking at once, on connections that stand, as a
    service's do.
    """
    asked = list(_evidence(corpus, 2 * count))
    await asyncio.gather(*(_timed(hub, evidence) for evidence in asked[:AT_ONCE]))
    run.searches = [await _timed(hub, evidence) for evidence in asked[:count]]
    waiting = iter(asked[count:])

    async def caller() -> None:
        for evidence in waiting:
            run.searches_at_once.append(await _timed(hub, evidence))

    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))


async def _timed(hub: Hub, evidence: Features) -> float:
    began = time.perf_counter()
    async with hub.database.transaction(SYSTEM) as session:
        await find(session, hub.linker, evidence, FOUND)
    return time.perf_counter() - began


def _evidence(corpus: Corpus, count: int) -> Iterator[Features]:
    """Parts of records that are spread over the corpus."""
    stride = max(1, len(corpus) // max(1, count))
    lines = corpus.lines()[::stride][:count]
    for record, known in zip(corpus.read(lines), cycle(KNOWN), strict=False):
        features = record.features
        part = {key: value for key, value in features.items() if key in known}
        yield cast("Features", part or features)
