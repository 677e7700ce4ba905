"""Building: one child, whole, from its records and people's words, as of a day.

First its records are *read*, then the reading is *judged* as of the day; a later day judges the same reading again.  Pure, so
that a rebuild can prove the registry: the same records, words, siblings and day give the same child.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from services.registry.alerts.raising import AlertRow, located, raise_alerts
from services.registry.children import gist, state
from services.registry.children.caring import KeyCareRow, care, cross_township
from services.registry.children.folding import Fold, current, fold_current
from services.registry.children.gist import Held, Reading
from services.registry.children.kit import Kit
from services.registry.children.lookups import guardian_hashes, own_hashes
from services.registry.children.parts import OF_ALERT, part_of
from services.registry.children.remembered import Remembered
from services.registry.children.words import NO_WORDS, Words
from services.registry.duties.assigning import DutyRow, assign
from services.registry.handovers.beginning import first_county
from services.registry.handovers.keeping import HandoverRow, keep
from services.registry.left_behind import standing as left_behind
from services.registry.left_behind.standing import LeftBehind
from services.registry.profiles import Profiles
from services.registry.records.vault import Opened
from services.registry.status.deciding import StatusDecision, decide
from services.registry.survey_rounds.standing import SurveyStanding, stand
from shared.hashes import keyed
from shared.sealing import Sealer, Unsealable, binding, unseal

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


class Folded(NamedTuple):
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
    survey: SurveyStanding | None
    alerts: tuple[AlertRow, ...]
    handovers: tuple[HandoverRow, ...]
    unvisited: bytes
    """A digest of the payload without the visits, and without who has the file."""
    gist: bytes
    guardians: tuple[bytes, ...]
    """Hashes of its guardians' ID numbers."""

    def bound(self) -> bytes:
        return bound(self)

    def digest(self, key: bytes) -> bytes:
        """A part for each table (``parts.py``), which is as it was exactly when nothing there has changed."""
        plain = (self.decision, str(self.birth_on), self.sex, self.status, str(self.next_change_on))
        # Every row that hangs on the child repeats where it is.
        place = _dump(
            (
                str(self.id),
                self.residence_code,
                self.hukou_code,
                self.residence_stated_by,
                self.hukou_stated_by,
                self.shielded,
            )
        )
        hanging = (
            [(str(k.id), k.state, k.since.isoformat(), k.detail) for k in self.key_care],
            [one.held() for one in self.duties],
            None if self.survey is None else self.survey.held(),
            [one.held() for one in self.handovers],
        )
        row = b"".join((_dump((plain, self.entries)), self.payload, self.gist))
        tables = (row, b"".join(sorted(self.lookups)), *map(_dump, hanging))  # as ``Part`` has them
        made = [part_of(key, at, place, held) for at, held in enumerate(tables)]
        made += [part_of(key, OF_ALERT, place, _dump(one.told())) for one in self.alerts]
        return b"".join(made)

    def told(self, key: bytes) -> bytes:
        """Equal exactly when nothing has changed of which everyone who sees the child is told.

        Key care is none of that, and neither are visits, surveys, duties, handovers and alerts: a child with whom something
        happens every month is known to be in key care.
        """
        lookups = b"".join(sorted(self.lookups))
        return keyed(
            key, "told", _bound(self, None, 0), self.unvisited, _dump(self.decision), lookups
        )


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def bound(child: Any) -> bytes:
    """The plain columns bound to a child's sealed state; ``child`` is a ``Folded`` or a row."""
    if isinstance(child, Folded):
        return _bound(child, child.next_change_on, child.entries)
    return _binding(*(child[column] for column in _BOUND))


def _bound(child: Folded, next_change_on: date | None, entries: int) -> bytes:
    return _binding(
        child.id,
        child.birth_on,
        child.sex,
        child.residence_code,
        child.hukou_code,
        child.residence_stated_by,
        child.hukou_stated_by,
        child.status,
        next_change_on,
        child.shielded,
        entries,
    )


def _binding(
    child_id: UUID,
    birth: date | None,
    sex: str,
    residence: int | None,
    hukou: int | None,
    residence_stated_by: Sequence[str],
    hukou_stated_by: Sequence[str],
    status: str,
    due: date | None,
    shielded: bool,
    entries: int,
) -> bytes:
    return binding(
        (
            child_id.bytes,
            birth.toordinal() if birth else None,
            sex,
            residence,
            hukou,
            ",".join(residence_stated_by),
            ",".join(hukou_stated_by),
            status,
            due.toordinal() if due else None,
            shielded,
            entries,
        )
    )


def open_state(sealer: Sealer, row: Any) -> dict[str, Any]:
    """The folded state of a ``children`` row joined with its data key, or of a past one."""
    if isinstance(row, Remembered):
        return state.read(row["payload"])
    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    return state.read(unseal(data_key, row["sealed"], bound(row)))


def open_reading(sealer: Sealer, row: Any) -> tuple[Reading, bytes]:
    """What the records of a ``children`` row joined with its data key came to, and its gist.

    Unsealable when anything was changed, or nothing written.
    """
    if not row["gist"] or row["wrapped"] is None:
        raise Unsealable("it has no gist")
    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    payload = unseal(data_key, row["sealed"], bound(row))
    written = unseal(data_key, row["gist"], gist_bound(row["id"]))
    return gist.read(written, payload), written


def gist_bound(child: UUID) -> bytes:
    return binding(("gist", child.bytes))


def read(kit: Kit, records: Sequence[Opened]) -> Reading:
    """What a child's records come to, whatever the day."""
    live = current(records)
    folded = fold_current(live, records, in_line=kit.profiles.in_line)
    return reading_of(kit, folded, live, records)


def reading_of(
    kit: Kit, folded: Fold, live: Sequence[Opened], records: Sequence[Opened]
) -> Reading:
    """As ``read``, from the fold and the ``live`` records that it was made of; ``records`` are all versions."""
    seen = state.state_of(folded)
    payload = state.write(seen)
    unvisited = state.write({**seen, "visits": []}) if folded.visits else payload
    sex = folded.fields.get("sex")
    guardians = tuple(guardian_hashes(kit, folded))
    return Reading(
        folded=folded,
        held=tuple(
            Held(r.plain.id, r.plain.entry_id, r.plain.received_at, r.plain.feed) for r in live
        ),
        sex=sex.value if sex else "unknown",
        payload=payload,
        unvisited=keyed(kit.entries.key, "unvisited", unvisited),
        lookups=tuple(dict.fromkeys([*own_hashes(kit, folded), *guardians])),
        guardians=guardians,
        first_county=first_county(folded, live, records, kit.territory, kit.profiles.in_line),
    )


def judge(
    kit: Kit,
    child: UUID,
    reading: Reading,
    decisions: Sequence[Any],
    day: date,
    words: Words = NO_WORDS,
    written: bytes | None = None,
) -> Folded:
    """The child of a reading as of ``day``; ``written`` is the reading's gist, where it is at hand."""
    folded = reading.folded
    here = folded.residing.now
    residence, hukou = places_on(folded, kit.profiles, day)
    # The rules of the last home go on holding after its stay ended: nothing ends by itself.
    profile = kit.profiles.for_division(here.code, day) if here else None
    decision = decide(folded.facts(), profile, day)
    left = left_behind.stand(
        folded, [one.entry_id for one in reading.held], decisions, kit.profiles, day
    )
    cross = cross_township(here.code if here else None, folded.hukou_code)
    if cross and residence == hukou:
        cross = None  # townships of one county by now: which, no source says
    key = kit.entries.key
    owed = assign(key, child, folded, decision, decisions, kit.profiles, day)
    raised = raise_alerts(
        key,
        child,
        folded,
        decision,
        owed.rows,
        words.siblings,
        words.acts,
        kit.profiles,
        day,
        left.spells if left else (),
    )
    alerts = located(raised.rows, residence, kit.territory, partial(kit.profiles.code_on, on=day))
    kept = keep(key, child, folded, reading.first_county, words.handovers, kit.profiles, day)
    if (file := kept.spells()) != reading.file:
        reading = reading._replace(payload=state.with_file(reading.payload, file), file=file)
        written = None
    turns = [
        owed.turns_on,
        raised.turns_on,
        kept.turns_on,
        *_renumbered(kit.profiles, {residence, hukou, *(one.place for one in alerts)}, day),
    ]
    # The row says where the child lives even after the last stay ended, so that the place keeps sight of it.
    return Folded(
        id=child,
        birth_on=folded.birth_on,
        sex=reading.sex,
        residence_code=residence,
        hukou_code=hukou,
        residence_stated_by=here.stated_by if here else (),
        hukou_stated_by=folded.belonging.stated_by,
        status=str(decision.status),
        decision=_shown(decision, here is not None and here.until is not None, left),
        next_change_on=_next_change(decision, folded, turns, day),
        shielded=is_shielded(decisions),
        entries=folded.entries,
        payload=reading.payload,
        lookups=reading.lookups,
        key_care=care(key, child, folded, reading.held, decisions, profile, day, cross),
        duties=owed.rows,
        alerts=alerts,
        survey=stand(folded, decision, kit.profiles.in_line),
        unvisited=reading.unvisited,
        gist=gist.write(reading) if written is None else written,
        guardians=reading.guardians,
        handovers=kept.rows,
    )


def places_on(folded: Fold, profiles: Profiles, day: date) -> tuple[int | None, int | None]:
    """Where the child lives, or lived last, and its hukou, by the codes that those places bear on ``day``."""
    codes = (folded.residing.now.code if folded.residing.now else None, folded.hukou_code)
    home, hukou = (profiles.code_on(code, day) if code is not None else None for code in codes)
    return home, hukou


def _renumbered(
    profiles: Profiles, codes: Collection[int | None], day: date
) -> Iterator[date | None]:
    """The days on which the child's places will bear other codes."""
    for code in codes:
        if code is not None:
            yield profiles.turns_after(code, day)


def _shown(decision: StatusDecision, gone: bool, left: LeftBehind | None) -> dict[str, Any]:
    also = {"left_behind": left.shown()} if left else {}
    return {
        "status": str(decision.status),
        "reasons": [
            {"code": r.code, "clause": r.clause, "detail": dict(r.detail)} for r in decision.reasons
        ],
        "missing": list(decision.missing),
        "profile": decision.profile,
        "next_change_on": decision.next_change_on.isoformat() if decision.next_change_on else None,
        "moved_out": gone,
        **also,
    }


def _next_change(
    decision: StatusDecision, folded: Fold, turns: Sequence[date | None], day: date
) -> date | None:
    """The first later day on which status, duties, alerts, who has the file or the evidence for key care change by themselves."""
    days = [d for d in (decision.next_change_on, *turns) if d]
    for one in folded.evidence:
        days += [d for d in (one.since, one.until + timedelta(days=1) if one.until else None) if d]
    return min((d for d in days if d > day), default=None)


def is_shielded(decisions: Sequence[Any]) -> bool:
    """By the last such act among decisions in order."""
    acts = [d["kind"] for d in decisions if d["kind"] in SHIELDING]
    return bool(acts) and acts[-1] == "shield"
