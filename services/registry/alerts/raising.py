"""Raising: the alerts of one child on a day, from what is found and from what people did about it; pure.

Guaranteed:
- One cause raises one alert, however often it is folded, wherever the child moves, and in whatever order records come.
- What people did about an alert stays with it, also when its ground is gone: it is then *closed by evidence*, unless
  they had closed it themselves.
- Neither a rule that ends nor a child that moves takes an alert away that was raised before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.alerts.finding import FINDERS, concerns
from services.registry.alerts.rules import Stretch, kinds, rule_of, stretches
from services.registry.alerts.terms import AlertActKind, AlertState
from services.registry.alerts.watching import Sibling, Watched, by_kind, counties_on
from services.registry.children.folding import Fold
from services.registry.duties.assigning import DutyRow
from services.registry.duties.standing import Home
from services.registry.profiles import Profiles
from services.registry.profiles.families.alerts import AlertName, AlertRule
from services.registry.signals.spells import Spell
from services.registry.status.deciding import StatusDecision
from shared.clock import SHANGHAI
from shared.hashes import keyed_id


class Acted(NamedTuple):
    """What a person did about an alert, as far as its state follows from it."""

    kind: str
    cause: str
    raised_on: date
    act: str
    outcome: str
    at: datetime


class AlertRow(NamedTuple):
    """One alert, before it is stored.

    ``place`` is the office that told of it; once it is ``located`` where it is to be handled, none for where the child lives.
    """

    id: UUID
    kind: str
    cause: str
    department: str
    category: str
    state: str
    raised_on: date
    due_on: date | None
    closed_on: date | None
    entry: UUID | None
    place: int | None
    detail: Mapping[str, Any]

    def held(self) -> tuple[Any, ...]:
        """Everything about it but its place, in plain values."""
        return (
            str(self.id),
            self.kind,
            self.cause,
            self.department,
            self.category,
            self.state,
            self.raised_on.isoformat(),
            self.due_on.isoformat() if self.due_on else None,
            self.closed_on.isoformat() if self.closed_on else None,
            str(self.entry) if self.entry else None,
            dict(self.detail),
        )

    def told(self) -> tuple[Any, ...]:
        """What is held of it, and where, unless that is where the child lives."""
        return self.held() if self.place is None else (*self.held(), self.place)


class Raised(NamedTuple):
    """The alerts, and the next day on which one more is raised by itself."""

    rows: tuple[AlertRow, ...] = ()
    turns_on: date | None = None


class _Found(NamedTuple):
    spell: Spell
    rule: AlertRule
    raised_on: date
    due_on: date | None


def raise_alerts(
    key: bytes,
    child: UUID,
    folded: Fold,
    decision: StatusDecision,
    duties: Sequence[DutyRow],
    siblings: Sequence[Sibling],
    acts: Sequence[Acted],
    profiles: Profiles,
    day: date,
    left_behind: Sequence[Spell] = (),
) -> Raised:
    """The child's alerts on ``day``, in order of kind and cause; ``acts`` in the order in which they were done,
    ``left_behind`` what ``left_behind/standing.py`` found."""
    homes = tuple(_homes(folded, profiles, day))
    counties = counties_on(folded, profiles, day)
    watched = Watched(
        folded, homes, decision, duties, siblings, by_kind(folded.signals), *counties, left_behind
    )
    known = folded.known_on or day
    done: dict[tuple[str, str], list[Acted]] = {}
    for act in acts:
        done.setdefault((act.kind, act.cause), []).append(act)
    rows: list[AlertRow] = []
    turns: list[date] = []
    for kind in kinds():
        if not concerns(kind, watched):
            continue
        found, later = _found(watched, kind, known, day)
        turns += later
        for cause, one in found.items():
            rows.append(_row(key, child, kind, one, done.pop((kind, cause), ())))
    rows += [_orphan(key, child, homes, theirs, day) for theirs in done.values()]
    rows.sort(key=lambda r: (r.kind, r.cause))
    return Raised(tuple(rows), min(turns, default=None))


def located(
    rows: Sequence[AlertRow],
    home: int | None,
    territory: Iterable[tuple[int, int]],
    code_of: Callable[[int], int],
) -> tuple[AlertRow, ...]:
    """The alerts where they are to be handled on a day: where the child lives, and where that is nowhere here at the office
    that told of it, by the code that its place bears by then."""
    here = home is not None and any(low <= home <= high for low, high in territory)
    return tuple(
        one if one.place is None else one._replace(place=None if here else code_of(one.place))
        for one in rows
    )


def _homes(folded: Fold, profiles: Profiles, day: date) -> Iterator[Home]:
    """The child's homes in order, those left out that changed no rule."""
    before: Home | None = None
    for episode in folded.residing.episodes:
        home = Home(episode.since, profiles.for_division(episode.code, day))
        if before is None or home.profile is not before.profile:
            yield home
            before = home


def _found(
    watched: Watched, kind: AlertName, known: date, day: date
) -> tuple[dict[str, _Found], list[date]]:
    """By cause, what was first raised up to ``day``; and the later days on which more will be."""
    raised: dict[str, _Found] = {}
    turns: list[date] = []
    for stretch in stretches(watched.homes, kind):
        for spell in FINDERS[kind](watched, stretch, day):
            on = max(spell.begins, stretch.since, known)
            if _ends_before(stretch, on) or (spell.ended is not None and spell.ended <= on):
                continue
            if on > day:
                turns.append(on)
                continue
            due_on, known_as = due_of(stretch.rule, on), raised.get(spell.cause)
            if known_as is None or on < known_as.raised_on:
                raised[spell.cause] = _Found(spell, stretch.rule, on, due_on)
            elif known_as.due_on is None and due_on is not None:
                # Its own rule left it open: the first that sets it does, from its first day on.
                raised[spell.cause] = known_as._replace(due_on=due_on)
    return raised, turns


def _ends_before(stretch: Stretch, on: date) -> bool:
    return stretch.until is not None and on >= stretch.until


def alert_id(key: bytes, child: UUID | None, kind: str, cause: str, entry: UUID | None) -> UUID:
    """An alert that one entry is the cause of keeps its id whosever the entry is."""
    about = None if entry is not None else child
    return keyed_id(key, "alert", about, kind, cause)


def due_of(rule: AlertRule, raised_on: date) -> date | None:
    return raised_on + timedelta(days=rule.due_days) if isinstance(rule.due_days, int) else None


def _row(key: bytes, child: UUID, kind: str, found: _Found, acts: Sequence[Acted]) -> AlertRow:
    spell, rule = found.spell, found.rule
    state, closed_on = state_of(acts, spell.ended)
    return AlertRow(
        id=alert_id(key, child, kind, spell.cause, spell.entry),
        kind=kind,
        cause=spell.cause,
        department=rule.owner,
        category=spell.category,
        state=state,
        raised_on=found.raised_on,
        due_on=found.due_on,
        closed_on=closed_on,
        entry=spell.entry,
        place=spell.office or None,
        detail=dict(_detail(spell, rule, found.due_on)),
    )


def rule_detail(rule: AlertRule, due_on: date | None) -> Iterator[tuple[str, Any]]:
    """What every alert says of its rule, and of what nobody has set."""
    yield "rule", {"clause": rule.clause, "wording": rule.wording}
    if rule.post:
        yield "post", rule.post
    if due_on is None:
        yield "missing", ["due_days"]


def _detail(spell: Spell, rule: AlertRule, due_on: date | None) -> Iterator[tuple[str, Any]]:
    yield from rule_detail(rule, due_on)
    if spell.record is not None:
        yield "record", str(spell.record)
    if spell.ended_by is not None:
        yield "closed_by", str(spell.ended_by)
    if spell.detail:
        yield "about", dict(spell.detail)


def _orphan(
    key: bytes, child: UUID, homes: Sequence[Home], acts: Sequence[Acted], day: date
) -> AlertRow:
    """An alert that somebody acted upon and whose ground no record gives any more."""
    first, last = acts[0], acts[-1]
    kind: Any = first.kind
    profile = homes[-1].profile if homes else None
    rule = rule_of(profile, kind, first.raised_on) or rule_of(None, kind, first.raised_on)
    assert rule is not None
    entry = UUID(first.cause) if kind == "costly_bill" else None
    state, closed_on = state_of(acts, day)
    due_on = due_of(rule, first.raised_on)
    if state == AlertState.CLOSED_BY_EVIDENCE:
        closed_on = None  # the day on which its ground went is nobody's record
    return AlertRow(
        id=alert_id(key, child, kind, first.cause, entry),
        kind=kind,
        cause=first.cause,
        department=rule.owner,
        category=last.cause.partition(":")[2] if kind == "sibling_in_care" else "",
        state=state,
        raised_on=first.raised_on,
        due_on=due_on,
        closed_on=closed_on,
        entry=entry,
        place=None,
        detail={**dict(rule_detail(rule, due_on)), "ground": "gone"},
    )


def state_of(acts: Sequence[Acted], ended: date | None) -> tuple[str, date | None]:
    """A person's closing stands; else evidence closes; else it waits."""
    last = acts[-1].act if acts else ""
    if last in (AlertActKind.HANDLE, AlertActKind.DISMISS):
        state = AlertState.HANDLED if last == AlertActKind.HANDLE else AlertState.DISMISSED
        return str(state), acts[-1].at.astimezone(SHANGHAI).date()
    if ended is not None:
        return str(AlertState.CLOSED_BY_EVIDENCE), ended
    acknowledged = last == AlertActKind.ACKNOWLEDGE
    return str(AlertState.ACKNOWLEDGED if acknowledged else AlertState.OPEN), None
