"""The truth about a corpus: which child each entry speaks of, and what may be told beside it.

A line is ``{"source", "source_id", "child"}``; ``feed``, ``family``, ``born`` and ``errors`` may be
told as well. An entry is known by its source and id, and by its feed too where the line names one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from services.evaluation.corpus import TRUTH, entry_of, origin_of


class BadTruth(Exception):
    """A line of the truth cannot be read, or two lines contradict each other."""


@dataclass(slots=True)
class Truth:
    """Children are numbered as they are first named; ``families`` and ``births`` are by child."""

    children: list[str] = field(default_factory=list)
    families: dict[int, str] = field(default_factory=dict)
    births: dict[int, str] = field(default_factory=dict)
    errors: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    _child_of: dict[bytes, int] = field(default_factory=dict)

    @classmethod
    def read(cls, directory: Path, *, unnamed_sources: bool = False) -> "Truth":
        """``unnamed_sources``: items name no source, so that an entry is known by its id alone."""
        truth = cls()
        numbers: dict[str, int] = {}
        for number, line in enumerate(_lines(directory / TRUTH), 1):
            try:
                source = "" if unnamed_sources else line["source"]
                source_id, feed, name = line["source_id"], line.get("feed"), line["child"]
                key = origin_of(source, source_id)
                key = entry_of(source, feed, source_id).bytes if feed else key
            except (KeyError, TypeError, AttributeError) as error:
                raise BadTruth(f"line {number} of {TRUTH} cannot be read") from error
            child = numbers.setdefault(str(name), len(numbers))
            if truth._child_of.setdefault(key, child) != child:
                raise BadTruth(f"line {number} of {TRUTH} contradicts an earlier one")
            if family := line.get("family"):
                truth.families[child] = str(family)
            if born := line.get("born"):
                truth.births[child] = str(born)
            if errors := line.get("errors"):
                truth.errors[key] = tuple(map(str, errors))
        truth.children = list(numbers)
        return truth

    def child_of(self, entry: UUID) -> int | None:
        """The number of the entry's child; None where the truth does not say."""
        found = self._child_of.get(entry.bytes)
        return self._child_of.get(entry.bytes[:8]) if found is None else found

    def errors_of(self, entry: UUID) -> tuple[str, ...]:
        """What the truth calls wrong in the entry, if it says."""
        return self.errors.get(entry.bytes) or self.errors.get(entry.bytes[:8]) or ()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield orjson.loads(line)
                except ValueError as error:
                    raise BadTruth(f"line {number} of {path.name} is not JSON") from error
