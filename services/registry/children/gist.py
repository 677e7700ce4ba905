"""The gist: all of a child that a day is asked of, without a name, so that a new day is decided from one sealed value.

Cast: a *reading* is what the records of a child come to, whatever the day; its *gist* is the reading as bytes, sealed in
the child's row.  Records that came since are no part of it: whoever pushes asks for a fold, and a fold makes it anew.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from asyncpg.pgproto import pgproto

from services.registry.children.belonging import Belonging
from services.registry.children.claims import HukouClaim, Source, SurveyClaim, VisitClaim
from services.registry.children.folding import Fold, Value
from services.registry.children.residing import Lived, Residing
from services.registry.children.schooling import Schooling
from services.registry.duties.standing import Pupil
from services.registry.signals.reading import Dispute, Signal
from services.registry.status.hardship import HardshipEvidence

_NOBODY = UUID(int=0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Held(NamedTuple):
    """A record that speaks, as far as decisions rest on it."""

    id: UUID
    entry_id: UUID
    received_at: datetime
    feed: str


class Reading(NamedTuple):
    """``lookups`` are the hashes by which the child is found, ``guardians`` those of them that siblings share."""

    folded: Fold
    held: tuple[Held, ...]
    sex: str
    payload: bytes
    unvisited: bytes
    """A digest of the payload without the visits."""
    lookups: tuple[bytes, ...]
    guardians: tuple[bytes, ...]
    first_county: int
    """Who has the child's file until somebody hands it over (``handovers/beginning.py``)."""
    file: list[dict[str, Any]] | None = None
    """Who has it when, as the payload says; None where it says nothing yet."""


def write(reading: Reading) -> bytes:
    """Everything of a reading but its payload, which stands sealed beside it."""
    folded = reading.folded
    schooling = folded.schooling
    spoken = {one.record_id for one in folded.evidence}
    return orjson.dumps(
        (
            _ordinal(folded.birth_on),
            reading.sex,
            [(h.code, _ordinal(h.since)) for h in folded.belonging.spells],
            folded.belonging.stated_by,
            [
                (
                    e.code,
                    e.since.toordinal(),
                    _ordinal(e.until),
                    e.accompanied,
                    e.confirmed,
                    e.stated_by,
                )
                for e in folded.residing.episodes
            ],
            folded.residing.reported_first,
            [
                (
                    v.kind,
                    v.on.toordinal(),
                    v.channel,
                    v.outcome,
                    v.source.department,
                    v.source.office,
                )
                for v in folded.visits
            ],
            [
                (
                    s.on.toordinal(),
                    s.channel,
                    s.by,
                    s.blocks,
                    s.source.department,
                    s.source.office,
                )
                for s in folded.surveys
            ],
            [
                (e.category, e.record_id.hex, _ordinal(e.since), _ordinal(e.until))
                for e in folded.evidence
            ],
            [
                (h.id.hex, h.entry_id.hex, _micros(h.received_at), h.feed)
                for h in reading.held
                if h.id in spoken
            ],
            [h.entry_id.hex for h in reading.held if h.id not in spoken],
            (
                _ordinal(schooling.since),
                schooling.pupil.stage,
                schooling.pupil.grade,
                schooling.pupil.on.toordinal(),
                sorted(schooling.offices),
            ),
            [
                (
                    s.kind,
                    s.on.toordinal(),
                    s.known.toordinal(),
                    s.entry.hex,
                    s.record.hex,
                    s.office,
                    s.word,
                    s.number,
                    _ordinal(s.until),
                )
                for s in folded.signals
            ],
            [(d.matter, d.known.toordinal()) for d in folded.disputes],
            [d.toordinal() for d in folded.heard_on],
            _ordinal(folded.known_on),
            folded.entries,
            reading.unvisited.hex(),
            [h.hex() for h in reading.lookups],
            [h.hex() for h in reading.guardians],
            reading.first_county,
            reading.file,
        )
    )


def read(written: bytes, payload: bytes) -> Reading:
    """The reading that a gist was written of; ``payload`` is the child's state."""
    (
        born,
        sex,
        hukou,
        hukou_stated_by,
        episodes,
        reported_first,
        visits,
        surveys,
        evidence,
        held,
        others,
        school,
        told,
        disputes,
        heard,
        known,
        entries,
        unvisited,
        lookups,
        guardians,
        first_county,
        file,
    ) = orjson.loads(written)
    since, stage, grade, pupil_on, offices = school
    # Of a sweep's time a part goes by here; comprehensions are a third faster than generators.
    folded = Fold(
        fields=_born(born),
        belonging=_belonging(hukou, hukou_stated_by),
        residing=Residing(tuple([_lived(*one) for one in episodes]), (), reported_first),
        guardians=(),
        evidence=tuple(
            [HardshipEvidence(c, pgproto.UUID(r), _day(s), _day(u)) for c, r, s, u in evidence]
        ),
        entries=entries,
        visits=tuple([_visit(*one) for one in visits]),
        surveys=tuple([_survey(*one) for one in surveys]),
        schooling=Schooling(
            _day(since), Pupil(stage, grade, date.fromordinal(pupil_on)), frozenset(offices)
        ),
        signals=tuple([_signal(*one) for one in told]),
        disputes=tuple([Dispute(m, date.fromordinal(k)) for m, k in disputes]),
        heard_on=tuple(map(date.fromordinal, heard)),
        known_on=_day(known),
    )
    return Reading(
        folded=folded,
        held=tuple(
            [Held(pgproto.UUID(i), pgproto.UUID(e), _instant(at), f) for i, e, at, f in held]
            + [Held(_NOBODY, pgproto.UUID(e), _EPOCH, "") for e in others]
        ),
        sex=sex,
        payload=payload,
        unvisited=bytes.fromhex(unvisited),
        lookups=tuple(map(bytes.fromhex, lookups)),
        guardians=tuple(map(bytes.fromhex, guardians)),
        first_county=first_county,
        file=file,
    )


def _ordinal(day: date | None) -> int | None:
    return None if day is None else day.toordinal()


def _day(ordinal: int | None) -> date | None:
    return None if ordinal is None else date.fromordinal(ordinal)


def _micros(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


_UNSAID = Source(_NOBODY, _NOBODY, "", "", date.min)


def _born(ordinal: int | None) -> dict[str, Value]:
    if ordinal is None:
        return {}
    return {"birth_on": Value(date.fromordinal(ordinal).isoformat(), _UNSAID, 1, 0)}


def _belonging(spells: Sequence[Any], stated_by: Sequence[str]) -> Belonging:
    claims = tuple(HukouClaim(code, _day(since), "", _UNSAID) for code, since in spells)
    return Belonging(claims, (), tuple(stated_by))


def _lived(
    code: int,
    since: int,
    until: int | None,
    accompanied: bool | None,
    confirmed: bool,
    stated_by: Sequence[str],
) -> Lived:
    return Lived(
        code,
        date.fromordinal(since),
        _day(until),
        accompanied,
        confirmed,
        "",
        tuple(stated_by),
        (),
    )


def _visit(
    kind: str, on: int, channel: str, outcome: str, department: str, office: int
) -> VisitClaim:
    source = Source(_NOBODY, _NOBODY, "", department, date.min, office)
    return VisitClaim(kind, date.fromordinal(on), channel, outcome, "", "", (), source)


def _survey(
    on: int, channel: str, by: str, blocks: Sequence[str], department: str, office: int
) -> SurveyClaim:
    source = Source(_NOBODY, _NOBODY, "", department, date.min, office)
    return SurveyClaim(date.fromordinal(on), channel, by, tuple(blocks), source)


def _signal(
    kind: str,
    on: int,
    known: int,
    entry: str,
    record: str,
    office: int,
    word: str,
    number: int,
    until: int | None,
) -> Signal:
    return Signal(
        kind,
        date.fromordinal(on),
        date.fromordinal(known),
        pgproto.UUID(entry),
        pgproto.UUID(record),
        office,
        word,
        number,
        None if until is None else date.fromordinal(until),
    )
