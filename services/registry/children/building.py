"""Building: one child, whole, from its records and people's decisions, as of a day.

Pure, so that a rebuild can prove the registry: the same records, decisions and day give the same child.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson

from services.registry.children import state
from services.registry.children.caring import KeyCareRow, care
from services.registry.children.folding import Fold, current, fold_current
from services.registry.children.kit import Kit
from services.registry.duties.assigning import Assigned, DutyRow, assign
from services.registry.handovers.keeping import HandoverRow, Kept, keep
from services.registry.records.vault import Opened
from services.registry.status.deciding import StatusDecision, decide
from shared.hashes import keyed, lookup_hashes
from shared.sealing import Sealer, binding, unseal

SHIELDING = ("shield", "unshield")
_BOUND = (
    "id",
    "birth_on",
    "sex",
    "residence_code",
    "hukou_code",
    "residence_stated_by",
    "hukou_stated_by",
    "status",
    "next_change_on",
    "shielded",
    "entries",
)


@dataclass(frozen=True, slots=True)
class Folded:
    """Everything that a child's rows hold, before sealing."""

    id: UUID
    birth_on: date | None
    sex: str
    residence_code: int | None
    hukou_code: int | None
    residence_stated_by: tuple[str, ...]
    hukou_stated_by: tuple[str, ...]
    status: str
    decision: dict[str, Any]
    next_change_on: date | None
    shielded: bool
    entries: int
    payload: bytes
    lookups: tuple[bytes, ...]
    key_care: tuple[KeyCareRow, ...]
    duties: tuple[DutyRow, ...]
    handovers: tuple[HandoverRow, ...]
    unvisited: bytes
    """The payload without the visits, and without who has the file."""

    def bound(self) -> bytes:
        return bound(self)

    def digest(self, key: bytes) -> bytes:
        """Equal exactly when nothing about the child has changed."""
        owed = [one.held() for one in self.duties]
        passing = [one.held() for one in self.handovers]
        said = (*self._said(), _dump(owed), _dump(passing))
        return keyed(key, "child", self.bound(), self.payload, *said)

    def told(self, key: bytes) -> bytes:
        """Equal exactly when nothing has changed of which everyone who sees the child is told.

        Visits, duties and handovers are none of that: a child with whom something happens every month is known to be in key care.
        """
        plain = replace(self, next_change_on=None, entries=0)
        return keyed(key, "told", plain.bound(), self.unvisited, *self._said())

    def _said(self) -> tuple[bytes, ...]:
        held = [(str(k.id), k.state, k.since.isoformat(), k.detail) for k in self.key_care]
        return _dump(self.decision), b"".join(sorted(self.lookups)), _dump(held)


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def bound(child: Any) -> bytes:
    """The plain columns bound to a child's sealed state; ``child`` is a ``Folded`` or a row."""
    if isinstance(child, Folded):
        values = tuple(getattr(child, column) for column in _BOUND)
    else:
        values = tuple(child[column] for column in _BOUND)
    child_id, birth, sex, residence, hukou, *stated, status, due, shielded, entries = values
    return binding(
        (
            child_id.bytes,
            birth.toordinal() if birth else None,
            sex,
            residence,
            hukou,
            ",".join(stated[0]),
            ",".join(stated[1]),
            status,
            due.toordinal() if due else None,
            shielded,
            entries,
        )
    )


def open_state(sealer: Sealer, row: Any) -> dict[str, Any]:
    """The folded state of a ``children`` row joined with its data key."""
    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    return state.read(unseal(data_key, row["sealed"], bound(row)))


def build(
    kit: Kit,
    child: UUID,
    records: Sequence[Opened],
    decisions: Sequence[Any],
    day: date,
    handover_acts: Sequence[Any] = (),
) -> Folded:
    """One child from its records, decisions and handovers, as of ``day``."""
    live = current(records)
    folded = fold_current(live, records)
    here = folded.residing.now
    # The rules of the last home go on holding after its stay ended: nothing ends by itself.
    profile = kit.profiles.for_division(here.code, day) if here else None
    decision = decide(folded.facts(), profile, day)
    owed = assign(kit.entries.key, child, folded, decision, decisions, kit.profiles, day)
    acts, key = handover_acts, kit.entries.key
    kept = keep(key, child, folded, live, records, acts, kit.territory, day)
    seen = state.state_of(folded)
    payload = state.write({**seen, "file": kept.spells()})
    # The row says where the child lives even after the last stay ended, so that the place keeps sight of it.
    sex = folded.fields.get("sex")
    return Folded(
        id=child,
        birth_on=folded.birth_on,
        sex=sex.value if sex else "unknown",
        residence_code=here.code if here else None,
        hukou_code=folded.hukou_code,
        residence_stated_by=here.stated_by if here else (),
        hukou_stated_by=folded.belonging.stated_by,
        status=str(decision.status),
        decision=_shown(decision, here is not None and here.until is not None),
        next_change_on=_next_change(decision, folded, owed, kept, day),
        shielded=_shielded(decisions),
        entries=folded.entries,
        payload=payload,
        lookups=tuple(_lookups(kit, folded)),
        key_care=care(kit.entries.key, child, folded, live, decisions, profile, day),
        duties=owed.rows,
        handovers=kept.rows,
        unvisited=state.write({**seen, "visits": []}),
    )


def _shown(decision: StatusDecision, gone: bool) -> dict[str, Any]:
    return {
        "status": str(decision.status),
        "reasons": [
            {"code": r.code, "clause": r.clause, "detail": dict(r.detail)} for r in decision.reasons
        ],
        "missing": list(decision.missing),
        "profile": decision.profile,
        "next_change_on": decision.next_change_on.isoformat() if decision.next_change_on else None,
        "moved_out": gone,
    }


def _next_change(
    decision: StatusDecision, folded: Fold, owed: Assigned, kept: Kept, day: date
) -> date | None:
    """The first later day on which status, duties, who has the file or the evidence for key care change by themselves."""
    days = [d for d in (decision.next_change_on, owed.turns_on, kept.turns_on) if d]
    for one in folded.evidence:
        days += [d for d in (one.since, one.until + timedelta(days=1) if one.until else None) if d]
    return min((d for d in days if d > day), default=None)


def _shielded(decisions: Sequence[Any]) -> bool:
    acts = [d["kind"] for d in decisions if d["kind"] in SHIELDING]
    return bool(acts) and acts[-1] == "shield"


def _lookups(kit: Kit, folded: Fold) -> list[bytes]:
    """Hashes by which the child may be found: ID number; name with birth date; guardian's ID number (siblings)."""
    found: list[bytes] = []
    if number := folded.fields.get("id_number"):
        found += lookup_hashes(kit.index, "id_number", number.value)
    name, born = folded.fields.get("name"), folded.birth_on
    if name and born:
        found += lookup_hashes(kit.index, "name_birth", name.value, born)
    for guardian in folded.guardians:
        if guardian.id_number:
            found += lookup_hashes(kit.index, "guardian", guardian.id_number.upper())
    return list(dict.fromkeys(found))
