"""One alternative on one corpus, in a process of its own: what it joined, how fast, in how much memory."""

import json
import resource
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from services.evaluation import memory
from services.evaluation.figures import Quality
from services.evaluation.outcome import Outcome

#: What an alternative says is one child: a title, and each entry's cluster with the seconds it took.
Clustered = dict[str, tuple[list[int], float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``seconds`` is wall time from features to clusters, ``cpu_seconds`` the
    process's from its beginning; ``peak_gb`` is the most it ever held, in 2^30 bytes.
    """

    alternative: str
    precision: float
    recall: float
    f1: float
    bcubed_f1: float
    twins_wrongly_merged_share: float
    seconds: float
    records_per_second: float
    peak_gb: float
    cpu_seconds: float


def numbers(table: Any) -> Clustered:
    from services.alternatives.joining import by_number

    began = time.perf_counter()
    return {"exact ID number": (by_number(table), time.perf_counter() - began)}


def rules(table: Any) -> Clustered:
    from services.alternatives.joining import by_number_or_rule

    began = time.perf_counter()
    return {"ID, or name + birth + sex": (by_number_or_rule(table), time.perf_counter() - began)}


def splink(table: Any) -> Clustered:
    """Both ways of clustering the same edges; each counts the edges' time."""
    from services.alternatives.clusters import cannot_link, connected
    from services.alternatives.tuned_splink import CONNECTED_FROM, edges

    began = time.perf_counter()
    ones, others, weights = (column.to_pylist() for column in edges(table))
    scored = time.perf_counter()
    sure = [(a, b) for a, b, w in zip(ones, others, weights, strict=True) if w >= CONNECTED_FROM]
    components = connected(table.num_rows, sure)
    joined = time.perf_counter()
    apart = cannot_link(
        table["id_number"].to_pylist(), list(zip(ones, others, weights, strict=True))
    )
    return {
        "Splink, connected": (components, joined - began),
        "Splink, cannot-link": (apart, scored - began + time.perf_counter() - joined),
    }


ALTERNATIVES: Final[dict[str, Callable[[Any], Clustered]]] = {
    "numbers": numbers,
    "rules": rules,
    "splink": splink,
}


def measure(name: str, directory: Path) -> list[Row]:
    """Run one alternative here and now: the peak memory told is this process's."""
    from services.alternatives.entries import read, truth_of

    entries = read(directory)
    memory.forget_peak()
    clustered = ALTERNATIVES[name](entries.table)
    peak = memory.peak_mb() / 1024
    usage = resource.getrusage(resource.RUSAGE_SELF)
    children, kin = truth_of(directory, entries.entries)
    rows = []
    for title, (clusters, seconds) in clustered.items():
        outcome = Outcome(entries.entries, children, array("L", clusters))
        quality = Quality.of(outcome, kin)
        rows.append(
            Row(
                title,
                quality.precision,
                quality.recall,
                quality.f1,
                quality.bcubed_f1,
                quality.twins_wrongly_merged_share,
                seconds + entries.seconds,
                entries.records / (seconds + entries.seconds),
                peak,
                usage.ru_utime + usage.ru_stime,
            )
        )
    return rows


def apart(name: str, directory: Path) -> list[Row]:
    """The same in a process of its own."""
    told = _run("linkage", "alternative", name, str(directory))
    return [Row(**row) for row in json.loads(told)]


def ours(directory: Path) -> Row:
    """Our own linker through the online path, sealed and stored: what `hutong linkage evaluate` tells."""
    told = json.loads(_run("linkage", "evaluate", str(directory), "--json"))
    return Row(
        "Hutong",
        told["precision"],
        told["recall"],
        told["f1"],
        told["bcubed_f1"],
        told["twins_wrongly_merged_share"],
        told["resolving_seconds"],
        told["records_per_second"],
        told["peak_memory_mb"] / 1024,
        told["cpu_seconds"],
    )


def as_json(rows: list[Row]) -> str:
    return json.dumps([asdict(row) for row in rows])


def _run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return done.stdout
