"""A child that was folded anew, beside its row before: what changed of it, and who is told."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from services.registry.alerts.raising import AlertRow
from services.registry.children import parts
from services.registry.children.building import Folded
from services.registry.children.parts import Part


class Care(NamedTuple):
    """One category of key care as it stood."""

    state: str
    detail: Any


class Change(NamedTuple):
    """A child as it is now, with its digests, its row before (``gathering.rows_of``), if there was one, and its key care then.

    ``before`` is the digest that tells what stands in its tables: None where nothing does, none with parts where nobody
    knows.  ``altered`` are the tables to be written; ``gist_stands`` says that its gist is the one that it was judged from.
    """

    new: Folded
    digest: bytes
    told: bytes
    old: Any | None
    cared: Mapping[str, Care]
    before: bytes | None
    altered: frozenset[Part]
    gist_stands: bool

    def alerts(self) -> tuple[list[AlertRow], bool]:
        """The alerts that are to be written, and whether any that stands may be to be taken away."""
        before, now = parts.alerts_of(self.before), parts.alerts_of(self.digest)
        if before is None or now is None:
            return list(self.new.alerts), self.before is not None
        come = [one for one, part in zip(self.new.alerts, now, strict=True) if part not in before]
        return come, any(part not in now for part in before)

    @property
    def silent(self) -> bool:
        """Whether nothing changed of which everyone who sees the child is told."""
        return self.old is not None and bool(self.old["told"] == self.told)

    @property
    def care(self) -> tuple[str, ...]:
        """The categories of key care in which something changed."""
        if Part.KEY_CARE not in self.altered:
            return ()
        now = {one.category: (one.state, _plain(one.detail)) for one in self.new.key_care}
        before = {c: (one.state, _plain(one.detail)) for c, one in self.cared.items()}
        return tuple(sorted(c for c in now.keys() | before if now.get(c) != before.get(c)))

    @property
    def carried(self) -> bool:
        """Whether it stands under other codes than before."""
        new, old = self.new, self.old
        return old is not None and (new.residence_code, new.hukou_code) != (
            old["residence_code"],
            old["hukou_code"],
        )

    @property
    def cares_anew(self) -> bool:
        """Whether what siblings are alerted about has changed: confirmed key care, and where the child is seen."""
        new, old = self.new, self.old
        now = {one.category for one in new.key_care if one.state == "confirmed"}
        before = {c for c, one in self.cared.items() if one.state == "confirmed"}
        if now != before or old is None:
            return bool(now | before)
        places = (new.residence_code, new.hukou_code, list(new.residence_stated_by))
        return bool(now) and places != (
            old["residence_code"],
            old["hukou_code"],
            old["residence_stated_by"],
        )


def _plain(detail: Any) -> bytes:
    return orjson.dumps(detail, option=orjson.OPT_SORT_KEYS)
