"""Writing a corpus: the intake items of any number of children, in flat memory.

Cast: a *feed file* holds one feed's items in the order of days, as ``POST /v1/<feed>`` takes them;
``truth.ndjson`` links each entry to its child and says what is wrong in its newest version.

Guaranteed: the same arguments give the same bytes. Items of one day wait in one draft on disk, so
memory holds one family, some thousand items, and one day of one feed.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

import orjson

from services.population.generation import Life, Push, lives
from services.population.rates import Rates
from services.population.reports import DEPARTMENTS

KEPT: Final = 0.6
"""Share of reports that reach the corpus: about three records a child."""

_HELD_LINES: Final = 40_000


@dataclass(frozen=True, slots=True)
class Written:
    """What a corpus holds; ``records`` counts versions, ``entries`` what they are versions of."""

    children: int
    records: int
    entries: int


def write(
    directory: Path, children: int, seed: int, *, dirt: float = 1.0, rates: Rates | None = None
) -> Written:
    """Write the feed files and the truth; every error rate is multiplied by ``dirt``."""
    directory.mkdir(parents=True, exist_ok=True)
    drafts = _Drafts(directory / ".drafts")
    seen = records = entries = 0
    with (directory / "truth.ndjson").open("wb") as truth:
        for life in lives(children, seed, factor=dirt, rates=rates, kept=KEPT):
            seen += bool(life.pushes)
            records += len(life.pushes)
            for push in life.pushes:
                drafts.add(push)
            told = truth_of(life)
            entries += len(told)
            truth.writelines(map(_line, told))
    drafts.settle(directory)
    return Written(seen, records, entries)


def truth_of(life: Life) -> list[dict[str, Any]]:
    """One line an entry; ``errors`` are those of its newest version."""
    child = life.child
    newest = {(push.source, push.item["source_id"]): push for push in life.pushes}
    return [
        {
            "source": push.source,
            "feed": push.feed,
            "source_id": push.item["source_id"],
            "child": child.id,
            "family": child.family,
            "born": child.born.isoformat(),
            "errors": push.dirt,
        }
        for push in newest.values()
    ]


@dataclass(slots=True)
class _Drafts:
    """Lines by feed and day, on disk once enough of them wait."""

    folder: Path
    waiting: dict[tuple[str, str], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def add(self, push: Push) -> None:
        item = {**push.item, "source": push.source}
        self.waiting[push.feed, push.day.isoformat()].append(_line(item))
        self.count += 1
        if self.count == _HELD_LINES:
            self.flush()

    def flush(self) -> None:
        self.folder.mkdir(exist_ok=True)
        for (feed, day), lines in self.waiting.items():
            with (self.folder / f"{feed}.{day}").open("ab") as draft:
                draft.writelines(lines)
        self.waiting.clear()
        self.count = 0

    def settle(self, directory: Path) -> None:
        """Put each feed's days together, by source id within a day, and forget the drafts."""
        self.flush()
        for feed in DEPARTMENTS:
            drafts = sorted(self.folder.glob(f"{feed}.*"))
            if drafts:
                with (directory / f"{feed}.ndjson").open("wb") as file:
                    for draft in drafts:
                        file.writelines(sorted(draft.read_bytes().splitlines(keepends=True)))
        rmtree(self.folder)


def _line(content: dict[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)
