"""Resolving a corpus through the online path, with a clock and a scale beside it.

Cast: the *bulk* is loaded first; the *delta* is a day's worth of records that comes on top of it;
the *singles*, spread evenly over the corpus, are kept back and resolved one by one at the end, each
durable before the next, which gives the latency of a single record to a process that has been up for a while.

Reading and validating files is not the linker's work: its time is told apart.
"""

import resource
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from services.evaluation import memory
from services.evaluation.corpus import Corpus, Order, Record
from services.evaluation.hub import Hub
from services.matching.links.linking import Item, resolve
from shared.database import SYSTEM

TENTHS = 10
_WEIGHED_EVERY = 20
_UNTIMED = 20
"""Singles before those that are timed, where the corpus is large enough: whoever answers has been up for a while."""
Step = Callable[[int], None]
Parts = Sequence[tuple["array[int]", list[tuple[int, float]]]]
"""Lines of the corpus, and where each of their batches is measured: records and seconds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What comes in which order; ``batch`` records a transaction, by ``replicas`` processes beside
    each other (by this process itself, if there is one).
    """

    order: Order = "file"
    seed: int = 0
    batch: int = 1000
    delta: int = 0
    singles: int = 0
    searches: int = 0
    replicas: int = 1


@dataclass(slots=True)
class Run:
    """What was measured. Seconds are wall time; ``cpu_seconds`` are our own process's."""

    records: int = 0
    reading_seconds: float = 0.0
    cpu_seconds: float = 0.0
    bulk: list[tuple[int, float]] = field(default_factory=list)
    """Records and seconds of each batch."""
    delta: list[tuple[int, float]] = field(default_factory=list)
    beside: frozenset[int] = frozenset()
    """Child processes that were there before, and are no part of it."""
    singles: list[float] = field(default_factory=list)
    searches: list[float] = field(default_factory=list)
    searches_at_once: list[float] = field(default_factory=list)
    peak_memory_mb: float = 0.0
    postgres_memory_mb: float = 0.0

    @property
    def resolving_seconds(self) -> float:
        return sum(seconds for _, seconds in self.bulk)

    @property
    def records_per_second(self) -> float:
        """Of the bulk: items taken to links durable."""
        return _rate(self.bulk)

    def tenths(self) -> list[float]:
        """Records a second of each tenth of the bulk, as far as batches can be told apart."""
        total, seen = sum(count for count, _ in self.bulk), 0
        parts: list[list[tuple[int, float]]] = [[] for _ in range(TENTHS)]
        for count, seconds in self.bulk:
            parts[min(TENTHS - 1, seen * TENTHS // total)].append((count, seconds))
            seen += count
        return [_rate(part) for part in parts if part]


async def load(hub: Hub, corpus: Corpus, plan: Plan, step: Step = lambda _: None) -> Run:
    """Resolve the whole corpus; ``step`` is told after each batch how many records came."""
    run = Run()
    lines, apart = _keep_back(corpus.lines(plan.order, plan.seed), plan.singles)
    middle = len(lines) - min(plan.delta, len(lines) // 2)
    memory.forget_peak()
    run.beside = memory.workers()
    cpu = _cpu()
    parts: Parts = ((lines[:middle], run.bulk), (lines[middle:], run.delta))
    if plan.replicas > 1:
        _load_by_replicas(hub, corpus, plan, parts, run, step)
        parts = ()
    for part, measured in parts:
        records = corpus.read(part)
        while items := _read(run, records, plan.batch):
            measured.append((len(items), await _timed(hub, items)))
            run.records += len(items)
            if len(run.bulk) % _WEIGHED_EVERY == 1:
                _weigh(run, hub)
            step(len(items))
    for at, record in enumerate(corpus.read(apart)):
        seconds = await _timed(hub, [item_of(record)])
        if at >= len(apart) - plan.singles:
            run.singles.append(seconds)
        run.records += 1
    run.cpu_seconds = _cpu() - cpu
    _weigh(run, hub)
    return run


def _load_by_replicas(
    hub: Hub, corpus: Corpus, plan: Plan, parts: Parts, run: Run, step: Step
) -> None:
    """The bulk, then the delta, read and resolved by replicas.  They are busy while they read: that share is taken off."""
    from services.evaluation.replicas import Place, replicas

    with replicas(
        Place(corpus.directory, hub.url, hub.keys, hub.children), plan.replicas
    ) as beside:
        for lines, measured in parts:
            for count, seconds, read in beside.resolve(lines, plan.batch):
                measured.append((count, max(0.0, seconds - read / plan.replicas)))
                run.reading_seconds += read / plan.replicas
                run.records += count
                if len(run.bulk) % _WEIGHED_EVERY == 1:
                    _weigh(run, hub)
                step(count)
        corpus.refused.update(beside.refused)
        corpus.unnamed_sources += beside.unnamed_sources


def item_of(record: Record) -> Item:
    """What the registry would send of it."""
    return Item(record.entry, record.version, record.features)


async def _timed(hub: Hub, items: Sequence[Item]) -> float:
    """Seconds until the links of these items are durable. The seam: whatever resolves, resolves here."""
    began = time.perf_counter()
    async with hub.database.transaction(SYSTEM) as session:
        await resolve(session, hub.linker, items)
    return time.perf_counter() - began


def _read(run: Run, records: Iterator[Record], batch: int) -> list[Item]:
    began = time.perf_counter()
    items = [item_of(record) for record in islice(records, batch)]
    run.reading_seconds += time.perf_counter() - began
    return items


def _keep_back(lines: "array[int]", singles: int) -> "tuple[array[int], array[int]]":
    """The lines without some that are spread evenly, and those: the untimed besides ``singles`` where there are enough."""
    if not singles:
        return lines, array("L")
    wanted = singles + _UNTIMED
    if len(lines) < 2 * wanted:
        wanted = singles
    stride = len(lines) // wanted
    if stride < 2:
        return lines, array("L")
    kept = set(range(stride - 1, len(lines), stride)[:wanted])
    apart = array("L", (lines[at] for at in sorted(kept)))
    return array("L", (line for at, line in enumerate(lines) if at not in kept)), apart


def _rate(batches: Sequence[tuple[int, float]]) -> float:
    seconds = sum(took for _, took in batches)
    return sum(count for count, _ in batches) / seconds if seconds else 0.0


def _weigh(run: Run, hub: Hub) -> None:
    own = memory.peak_mb() + memory.workers_mb(run.beside | {hub.server.pid})
    run.peak_memory_mb = max(run.peak_memory_mb, own)
    if hub.server.pid is not None:
        run.postgres_memory_mb = max(run.postgres_memory_mb, memory.resident_mb(hub.server.pid))


def _cpu() -> float:
    told = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in told)
