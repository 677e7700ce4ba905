"""The fold: a child's state as a pure function of the records linked to it.

Every value keeps the record it came from.  The same records in any order give the same state; adding, correcting,
recalling or relinking a record is: fold again.  How the conflicts of sources are settled stands as data in
``survivorship.toml``; how stays become episodes stands in ``residing.py``.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from services.registry.alerts.heeding import day_of, disputes, first_known, heard_on
from services.registry.children import days
from services.registry.children.belonging import Belonging, belong
from services.registry.children.claiming import claims_of
from services.registry.children.claims import (
    RESTATING,
    Claims,
    GuardianClaim,
    Observation,
    Source,
    SurveyClaim,
    VisitClaim,
)
from services.registry.children.evidence import lasting
from services.registry.children.precedence import Precedence
from services.registry.children.renumbering import InLine
from services.registry.children.residing import Residing, reside
from services.registry.children.schooling import NONE, Schooling, schooling
from services.registry.records.models import RECALL
from services.registry.records.vault import Opened
from services.registry.signals.reading import Dispute, Signal
from services.registry.status.facts import ChildFacts, HukouSpell
from services.registry.status.hardship import HardshipEvidence
from shared import divisions, resident_id

RULES = Path(__file__).with_name("survivorship.toml")
LAST = 99


@cache
def rules() -> dict[str, Any]:
    return tomllib.loads(RULES.read_text(encoding="utf-8"))


class Rule(NamedTuple):
    """How one field's value survives: feeds by rank, the most trusted first, and whether how often a value is stated
    outweighs who states it."""

    ranks: Mapping[str, int]
    most_stated: bool

    def rank(self, feed: str) -> int:
        return self.ranks.get(feed, LAST)


@cache
def rule(field: str) -> Rule:
    """The rule of a field, or of ``hukou``."""
    stated = rules()["hukou"] if field == "hukou" else rules()["fields"].get(field, {})
    given = {**rules()["default"], **stated}
    ranks = {feed: rank for rank, feed in enumerate(given["order"])}
    return Rule(ranks, given["choose"] == "most_stated")


class Value(NamedTuple):
    """A surviving value, its source, and how many other values were stated."""

    value: str
    source: Source
    stated: int
    differing: int


class Person(NamedTuple):
    """A guardian, gathered from every record that names them."""

    name: str
    relation: str
    id_number: str
    phone: str
    source: Source


class Fold(NamedTuple):
    """A child's state."""

    fields: dict[str, Value]
    belonging: Belonging
    residing: Residing
    guardians: tuple[Person, ...]
    evidence: tuple[HardshipEvidence, ...]
    entries: int
    visits: tuple[VisitClaim, ...] = ()
    schooling: Schooling = NONE
    surveys: tuple[SurveyClaim, ...] = ()
    signals: tuple[Signal, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    heard_on: tuple[date, ...] = ()
    """The days on which any source saw the child, in order."""
    known_on: date | None = None
    """The day on which the first of its records came in."""

    @property
    def birth_on(self) -> date | None:
        found = self.fields.get("birth_on")
        return date.fromisoformat(found.value) if found else None

    @property
    def hukou_code(self) -> int | None:
        return self.belonging.code

    def facts(self) -> ChildFacts:
        """What a status decision is made from."""
        return ChildFacts(
            birth_on=self.birth_on,
            hukou=tuple(HukouSpell(h.code, h.since) for h in self.belonging.spells),
            episodes=tuple(e.as_episode() for e in self.residing.episodes),
        )


def current(records: Iterable[Opened]) -> list[Opened]:
    """The newest record of each entry, entries whose newest record is a recall left out."""
    newest: dict[Any, Opened] = {}
    for record in records:
        kept = newest.get(record.plain.entry_id)
        if kept is None or _age(record) > _age(kept):
            newest[record.plain.entry_id] = record
    return sorted(
        (r for r in newest.values() if r.plain.kind != RECALL),
        key=lambda r: (r.plain.observed_on, r.plain.entry_id),
    )


def _age(record: Opened) -> tuple[int, int]:
    return record.plain.version, record.plain.kind


def fold(records: Iterable[Opened]) -> Fold:
    """Fold a child's records, in whatever order they come."""
    every = list(records)
    return fold_current(current(every), every)


def fold_current(
    kept: Sequence[Opened],
    records: Sequence[Opened],
    day: date | None = None,
    in_line: InLine = divisions.in_line,
) -> Fold:
    """As ``fold``, from all ``records`` and what ``current`` left of them.

    With a ``day``, as the child was then: what was seen or done later is left out, except where it tells of the time
    before (``days.py``).  ``in_line`` says which counties took over from which.
    """
    every = [claims_of(record) for record in kept]
    if day is not None:
        every = [days.heard_by(claims, day) for claims in every]
    claims = _without_echoes(kept, every)
    fields = _survivors(o for c in claims for o in c.observations)
    if birth := _birth_by_number(fields):
        fields["birth_on"] = birth
    precedence = Precedence(records, in_line)
    belonging = belong(
        (h for c in claims for h in c.hukou),
        rule("hukou").rank,
        lambda h: precedence.first_said(
            h.source, divisions.county_of(h.code), lambda r: claims_of(r).hukou
        ),
        in_line,
    )
    residing = reside(
        [s for c in claims for s in c.stays],
        [a for c in claims for a in c.company],
        lambda s: precedence.first_said(
            s.source, divisions.county_of(s.code), lambda r: claims_of(r).stays
        ),
        in_line,
    )
    if day is not None:
        belonging, residing = days.belonging_on(belonging, day), days.residing_on(residing, day)
    return Fold(
        fields=fields,
        belonging=belonging,
        residing=residing,
        guardians=_guardians(claims),
        evidence=lasting(e for c in every for e in c.evidence),
        entries=len(kept),
        visits=_in_order(v for c in every for v in c.visits),
        schooling=schooling(s for c in every for s in c.schooling),
        surveys=tuple(
            sorted((s for c in every for s in c.surveys), key=lambda s: (s.on, s.source.entry.int))
        ),
        signals=tuple(sorted(first_known([s for c in every for s in c.signals], records))),
        disputes=tuple(disputes(claims, residing, belonging)),
        heard_on=heard_on(kept),
        known_on=min((day_of(r.plain.received_at) for r in kept), default=None),
    )


def _without_echoes(kept: Sequence[Opened], claims: list[Claims]) -> list[Claims]:
    """The claims, those that only restate left out where any other record says something of the kind.

    A visit finds a child where others say that it lives.  Where nothing else speaks of a field, or of a county, the visit
    is all there is: protection does not wait for another word, and no first other word may take the child away.  With whom
    the child lives it did not copy: that was found, as a survey finds it.
    """
    own: list[Claims] = []
    echoes: list[Claims] = []
    for record, said in zip(kept, claims, strict=True):
        (echoes if record.plain.feed in RESTATING else own).append(said)
    if not echoes:
        return own
    fields = {o.field for c in own for o in c.observations}
    homes = {divisions.county_of(s.code) for c in own for s in c.stays}
    hukous = {divisions.county_of(h.code) for c in own for h in c.hukou}
    guardians = any(c.guardians for c in own)
    return own + [
        c._replace(
            observations=tuple(o for o in c.observations if o.field not in fields),
            stays=tuple(s for s in c.stays if divisions.county_of(s.code) not in homes),
            hukou=tuple(h for h in c.hukou if divisions.county_of(h.code) not in hukous),
            guardians=() if guardians else c.guardians,
        )
        for c in echoes
    ]


def _in_order(visits: Iterable[VisitClaim]) -> tuple[VisitClaim, ...]:
    return tuple(sorted(visits, key=lambda v: (v.on, v.source.entry.int)))


def _survivors(observations: Iterable[Observation]) -> dict[str, Value]:
    by_field: dict[str, list[Observation]] = {}
    for one in observations:
        by_field.setdefault(one.field, []).append(one)
    return {field: _survivor(field, stated) for field, stated in sorted(by_field.items())}


def _survivor(field: str, stated: Sequence[Observation]) -> Value:
    if len(stated) == 1:
        return Value(stated[0].value, stated[0].source, 1, 0)
    ruling = rule(field)
    times: dict[str, int] = {}
    for one in stated:
        times[one.value] = times.get(one.value, 0) + 1

    def merit(one: Observation) -> tuple[Any, ...]:
        source = one.source
        count = times[one.value] if ruling.most_stated else 0
        rank = -ruling.rank(source.feed)
        return count, rank, source.observed_on, source.entry.bytes, one.value

    best = max(stated, key=merit)
    return Value(best.value, best.source, times[best.value], len(times) - 1)


def _birth_by_number(fields: dict[str, Value]) -> Value | None:
    """The birth date in the surviving valid ID number, when no source states one or only a single other does."""
    number, stated = fields.get("id_number"), fields.get("birth_on")
    if number is None or (stated is not None and stated.stated > number.stated):
        return None
    born = resident_id.read(number.value).birth_on
    if born is None or (stated is not None and stated.value == born.isoformat()):
        return None
    return Value(born.isoformat(), number.source, number.stated, 1 if stated else 0)


def _guardians(claims: Sequence[Claims]) -> tuple[Person, ...]:
    """One person per (ID number, or name): the newest word of each of their particulars."""
    groups: dict[str, list[GuardianClaim]] = {}
    by_name: dict[str, str] = {}
    every = sorted(
        (g for c in claims for g in c.guardians if g.name or g.id_number),
        key=lambda g: (g.source.observed_on, g.source.entry.int, g.name, g.id_number),
    )
    for one in every:
        if one.id_number and one.name:
            by_name.setdefault(one.name, one.id_number)
    for one in every:
        key = one.id_number or by_name.get(one.name) or one.name
        groups.setdefault(key, []).append(one)
    return tuple(_person(group) for _, group in sorted(groups.items()))


def _person(group: Sequence[GuardianClaim]) -> Person:
    if len(group) == 1:
        return Person(*group[0])

    def newest(field: str) -> str:
        return next((str(v) for one in reversed(group) if (v := getattr(one, field))), "")

    return Person(
        newest("name"), newest("relation"), newest("id_number"), newest("phone"), group[-1].source
    )
