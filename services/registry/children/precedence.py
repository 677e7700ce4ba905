"""Precedence: when a source first said what it still says.

What was first reported holds while nobody else supports anything.  A source that sends its entry again, unchanged in this
or corrected in something else, does not lose its place by it; one that said something else before, or spoke of somebody
else, has no older place.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from services.registry.children.claims import Source
from services.registry.children.renumbering import InLine
from services.registry.records.vault import Opened
from shared import divisions, resident_id

#: The instant of receipt; records of one instant are in the order of their ids.
Said = tuple[datetime, int]


def said(source: Source) -> Said:
    return source.received_at, source.record.int


class Precedence:
    """The versions of a child's entries, the newest first; sorted out when somebody asks."""

    def __init__(self, records: Iterable[Opened], in_line: InLine = divisions.in_line) -> None:
        self._records = list(records)
        self._in_line = in_line
        self._versions: dict[UUID, list[Opened]] | None = None

    def first_said(
        self, source: Source, county: int, says: Callable[[Opened], Collection[Any]]
    ) -> Said:
        """When ``source``'s entry began to say this county; ``says`` are a version's claims."""
        first = said(source)
        versions = self._of(source.entry)
        for version in versions:
            if not of_one_child(version, versions[0]):
                break
            if not any(self._in_line(county, claim.code) for claim in says(version)):
                break
            first = min(first, (version.plain.received_at, version.plain.id.int))
        return first

    def _of(self, entry: UUID) -> list[Opened]:
        if self._versions is None:
            self._versions = {}
            for record in sorted(
                self._records, key=lambda r: (r.plain.version, r.plain.kind), reverse=True
            ):
                self._versions.setdefault(record.plain.entry_id, []).append(record)
        return self._versions.get(entry, [])


def of_one_child(one: Opened, other: Opened) -> bool:
    """Whether two versions name the same child: by number where both have one, else by name and birth date."""
    if one.item is None or other.item is None:
        return False
    mine, theirs = one.item.child, other.item.child
    if mine.id_number and theirs.id_number:
        return _number(mine.id_number) == _number(theirs.id_number)
    return (mine.name, mine.birth_date) == (theirs.name, theirs.birth_date)


def _number(text: str) -> str:
    return resident_id.read(text).number or text
