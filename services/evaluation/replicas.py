"""Replicas: processes of their own that resolve batches side by side, as several matching APIs would.

Each reads, normalises and seals its batch by itself; the linker's advisory lock lets one after the
other decide and store, so batches end one by one whichever replica they came from.
"""

import logging
import multiprocessing
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import structlog
import uvloop

from services.evaluation.corpus import Corpus
from services.evaluation.resolving import item_of
from services.matching.keyings.following import Following, Keys
from services.matching.links.linking import resolve
from shared import collecting
from shared.clock import SystemClock
from shared.database import SYSTEM, Database

_AHEAD = 2
"""Batches that a replica has at hand: one in work, one to begin with at once."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a replica finds its records and its database, and for how many children that is."""

    directory: Path
    url: str
    keys: Keys
    children: int


@contextmanager
def replicas(place: Place, count: int) -> Iterator["Replicas"]:
    """``count`` replicas, ready to resolve."""
    context = multiprocessing.get_context("spawn")
    lines: list[Any] = []
    processes = []
    for _ in range(count):
        mine, theirs = context.Pipe()
        process = context.Process(target=_replica, args=(theirs, place), daemon=True)
        process.start()
        theirs.close()
        lines.append(mine)
        processes.append(process)
    try:
        for line in lines:
            line.recv()  # it has opened the corpus
        yield Replicas(lines)
    finally:
        for line in lines:
            line.close()
        for process in processes:
            process.join(10)
            process.kill()


class Replicas:
    def __init__(self, lines: list[Any]) -> None:
        self._lines = lines
        self.refused: Counter[str] = Counter()
        self.unnamed_sources = 0

    def resolve(self, lines: "array[int]", batch: int) -> Iterator[tuple[int, float, float]]:
        """Records and seconds of each batch as it becomes durable, and the processor's seconds that reading it took a
        replica; the former add up to wall time."""
        waiting = (lines[at : at + batch] for at in range(0, len(lines), batch))
        under_way = 0
        last = time.perf_counter()
        for _ in range(_AHEAD):
            for line in self._lines:
                under_way += self._send(line, waiting)
        while under_way:
            for ready in wait(self._lines):
                assert isinstance(ready, Connection)
                count, read, refused, unnamed = ready.recv()
                self.refused.update(refused)
                self.unnamed_sources += unnamed
                under_way += self._send(ready, waiting) - 1
                now = time.perf_counter()
                yield count, now - last, read
                last = now

    @staticmethod
    def _send(line: Any, waiting: "Iterator[array[int]]") -> int:
        """Give the next batch to a replica; how many it was given."""
        part = next(waiting, None)
        if part is None:
            return 0
        line.send(part)
        return 1


def _replica(line: Any, place: Place) -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    try:
        uvloop.run(_serve(line, place))
    except (EOFError, OSError, KeyboardInterrupt):
        return  # the evaluation is over


async def _serve(line: Any, place: Place) -> None:
    corpus = Corpus.open(place.directory)
    database = Database(place.url, 1)
    following = Following(lambda: place.keys, SystemClock(), place.children)
    collecting.settle(collecting.LINKING)
    line.send(len(corpus))
    try:
        while True:
            part = line.recv()
            corpus.refused.clear()
            unnamed = corpus.unnamed_sources
            began = time.process_time()
            items = [item_of(record) for record in corpus.read(part)]
            read = time.process_time() - began
            if items:
                async with database.transaction(SYSTEM) as session:
                    await resolve(session, following.linker, items)
            line.send((len(items), read, corpus.refused, corpus.unnamed_sources - unnamed))
    finally:
        await database.close()
