"""How much memory a process had at most, told from ``/proc``."""

import os
from collections.abc import Collection
from pathlib import Path


def forget_peak() -> None:
    """From now on the peak counts anew."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> float:
    """Our own greatest resident size since ``forget_peak``, in megabytes (2^20 bytes)."""
    return _field(Path("/proc/self/status"), "VmHWM:")


def resident_mb(pid: int) -> float:
    """What a process and its descendants hold now; shared pages count once (PSS). 0 where not told."""
    total = 0.0
    for each in (pid, *_descendants(pid)):
        try:
            total += _field(Path(f"/proc/{each}/smaps_rollup"), "Pss:")
        except OSError:
            continue
    return total


def workers() -> frozenset[int]:
    """Our own child processes."""
    return frozenset(_children(os.getpid()))


def workers_mb(but: Collection[int | None]) -> float:
    """What our own child processes hold now, without those named."""
    return sum(resident_mb(pid) for pid in workers().difference(but))


def _descendants(pid: int) -> list[int]:
    found = _children(pid)
    return found + [further for child in found for further in _descendants(child)]


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _field(path: Path, name: str) -> float:
    for line in path.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0
