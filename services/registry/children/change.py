"""A child that was folded anew, beside its row before: what changed of it, and who is told."""

from dataclasses import dataclass
from typing import Any

import orjson

from services.registry.children.building import Folded


@dataclass(frozen=True, slots=True)
class Change:
    """A child as it is now, with its digests, and its row before (``gathering.rows_of``), if there was one."""

    new: Folded
    digest: bytes
    told: bytes
    old: Any | None

    @property
    def silent(self) -> bool:
        """Whether nothing changed of which everyone who sees the child is told."""
        return self.old is not None and bool(self.old["told"] == self.told)

    @property
    def care(self) -> tuple[str, ...]:
        """The categories of key care in which something changed."""
        now = {one.category: (one.state, _plain(one.detail)) for one in self.new.key_care}
        before: dict[str, Any] = {}
        if self.old is not None:
            details = self.old["care_details"]
            before = {c: (state, _plain(details[c])) for c, state in self.old["care"].items()}
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
        before = {c for c, s in old["care"].items() if s == "confirmed"} if old else set()
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
