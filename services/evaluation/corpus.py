"""Reading a corpus: items in the intake format, whoever wrote them.

A file is a feed's when it is named after it: ``enrolments.ndjson``. What intake would refuse is
refused here too, counted under its name and never fatal. Memory holds eight bytes a line.
"""

import random
from array import array
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Literal, cast
from uuid import UUID

import orjson
from pydantic import ValidationError

from services.matching.linkage.normalization import Features
from services.registry.records.features import told_of
from services.registry.records.feeds import FEEDS, Item

Order = Literal["file", "shuffled"]
#: A corpus is invented: nobody needs to be kept from its marks.
_KEY = b"corpus"
TRUTH = "truth.ndjson"


class NotACorpus(Exception):
    """The directory holds no feed file, or no truth."""


@dataclass(frozen=True, slots=True)
class Record:
    """One version of an entry as its source sent it; ``line`` finds it again."""

    entry: UUID
    version: int
    feed: str
    item: Item
    line: int

    @property
    def features(self) -> Features:
        """What matching is told of it: the two services agree on the wire, so no type checker sees it."""
        return cast("Features", told_of(_KEY, self.item.source or "", self.feed, self.item))


@dataclass(slots=True)
class Corpus:
    """The lines of all feed files; a *line* is numbered through all of them."""

    directory: Path
    feeds: tuple[str, ...]
    refused: Counter[str] = field(default_factory=Counter)
    unnamed_sources: int = 0
    _starts: "array[int]" = field(default_factory=lambda: array("Q"))
    _firsts: list[int] = field(default_factory=list)

    @classmethod
    def open(cls, directory: Path) -> "Corpus":
        """NotACorpus where there is nothing to resolve or nothing to hold it against."""
        feeds = tuple(feed for feed in FEEDS if (directory / f"{feed}.ndjson").is_file())
        if not feeds or not (directory / TRUTH).is_file():
            raise NotACorpus(f"{directory} needs {TRUTH} and feed files such as enrolments.ndjson")
        corpus = cls(directory, feeds)
        for feed in feeds:
            corpus._index(feed)
        return corpus

    def __len__(self) -> int:
        return len(self._starts)

    def lines(self, order: Order = "file", seed: int = 0) -> "array[int]":
        """Every line's number, in the order in which they arrive."""
        lines = array("L", range(len(self)))
        if order == "shuffled":
            random.Random(seed).shuffle(lines)  # noqa: S311  (no secret)
        return lines

    def read(self, lines: "array[int] | list[int]") -> Iterator[Record]:
        """The records of these lines; what is refused is counted and left out."""
        files: dict[int, BinaryIO] = {}
        try:
            for line in lines:
                feed = self._feed_of(line)
                if feed not in files:
                    files[feed] = (self.directory / f"{self.feeds[feed]}.ndjson").open("rb")
                files[feed].seek(self._starts[line])
                if found := self._record(self.feeds[feed], line, files[feed].readline()):
                    yield found
        finally:
            for file in files.values():
                file.close()

    def newest(self, entries: Container[UUID]) -> dict[UUID, Record]:
        """The newest record of each of these entries; the rest is skipped unvalidated."""
        found: dict[UUID, Record] = {}
        for line, text in self._texts():
            feed = self.feeds[self._feed_of(line)]
            item = orjson.loads(text)
            entry = entry_of(item.get("source") or "", feed, item.get("source_id") or "")
            record = self._record(feed, line, text) if entry in entries else None
            if record and (entry not in found or found[entry].version < record.version):
                found[entry] = record
        return found

    def _texts(self) -> Iterator[tuple[int, bytes]]:
        line = 0
        for feed in self.feeds:
            with (self.directory / f"{feed}.ndjson").open("rb") as file:
                for text in file:
                    if text.strip():
                        yield line, text
                        line += 1

    def _index(self, feed: str) -> None:
        self._firsts.append(len(self._starts))
        at = 0
        with (self.directory / f"{feed}.ndjson").open("rb") as file:
            for line in file:
                if line.strip():
                    self._starts.append(at)
                at += len(line)

    def _feed_of(self, line: int) -> int:
        return next(i for i in range(len(self.feeds) - 1, -1, -1) if self._firsts[i] <= line)

    def _record(self, feed: str, line: int, text: bytes) -> Record | None:
        try:
            item = FEEDS[feed].model.model_validate_json(text)
        except ValidationError as error:
            for flaw in error.errors(include_url=False, include_input=False, include_context=False):
                place = ".".join(str(part) for part in flaw["loc"] if isinstance(part, str))
                self.refused[f"{feed}: {place or 'item'}: {flaw['type']}"] += 1
            return None
        self.unnamed_sources += item.source is None
        return Record(
            entry_of(item.source or "", feed, item.source_id), item.version, feed, item, line
        )


def entry_of(source: str, feed: str, source_id: str) -> UUID:
    """An entry's id; its first half is ``origin_of`` its source and id, whatever the feed."""
    return UUID(bytes=origin_of(source, source_id) + _half(source, feed, source_id))


def origin_of(source: str, source_id: str) -> bytes:
    """What truth names: a source and its id."""
    return _half(source, source_id)


def _half(*texts: str) -> bytes:
    return blake2b("\0".join(texts).encode(), digest_size=8).digest()
