"""Standing: whether a child is left behind (留守儿童) on a day, from what records say and people decided; pure.

Cast: a child is *at home* while it lives in its hukou county; it *returned* when it had lived elsewhere before.  A record that
says that its parents are away is *evidence*, and so is the return itself, until somebody knows with whom the child lives:
whoever returned is assessed again.  A *spell* is a time during which somebody is asked to decide.

No text says who counts as left behind.  Therefore evidence proposes, and only a person confirms, refuses or ends; what turns up
against a confirmation asks for its review and ends nothing.  Children who never left are proposed only where the place asks for
joint analysis (R62), by the company that it names.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.children.folding import Fold
from services.registry.left_behind.terms import (
    KINDS,
    LeftBehindDecision,
    LeftBehindReview,
    LeftBehindState,
)
from services.registry.profiles import Profile, Profiles
from services.registry.profiles.families.surveys import JointAnalysis
from services.registry.signals.reading import PARENTS_AWAY, PARENTS_HERE, Signal
from services.registry.signals.spells import Spell
from services.registry.status.counting import age_reached_on
from shared import divisions
from shared.clock import SHANGHAI

DAY = timedelta(days=1)
_AFTER: Mapping[LeftBehindDecision, LeftBehindState] = {
    LeftBehindDecision.CONFIRM: LeftBehindState.CONFIRMED,
    LeftBehindDecision.REFUSE: LeftBehindState.REFUSED,
    LeftBehindDecision.END: LeftBehindState.ENDED,
}


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """``evidence`` are the records that a decision of today would rest on; ``spells`` are for alerts, past and coming."""

    state: LeftBehindState
    since: date
    clause: str
    review: str
    evidence: tuple[UUID, ...]
    spells: tuple[Spell, ...]

    def shown(self) -> dict[str, Any]:
        """In plain values, as it stands with the child's status."""
        seen: dict[str, Any] = {"state": str(self.state), "since": self.since.isoformat()}
        if self.clause:
            seen["clause"] = self.clause
        if self.review:
            seen["review"] = self.review
        return seen


class _Home(NamedTuple):
    """Since when the child has lived where it lives, whether that is its hukou county, and whether it came back there."""

    since: date
    own: bool
    returned: bool


class _Rule(NamedTuple):
    """What the place says: ``ages_out`` is the first day on which nothing is proposed any more."""

    clause: str
    everybody: bool
    both: bool
    ages_out: date | None

    def open_on(self, day: date) -> bool:
        return self.ages_out is None or day < self.ages_out


def stand(
    folded: Fold,
    live: Collection[UUID],
    decisions: Sequence[Any],
    profiles: Profiles,
    day: date,
) -> LeftBehind | None:
    """The child on ``day``; None where neither evidence nor a person speaks.  ``live`` are its entries not recalled."""
    words = [row for row in decisions if row["kind"] in KINDS]
    home = _home(folded, profiles, day)
    if home is None or (not words and not home.own):
        return None
    here = folded.residing.now
    rule = _rule(folded, profiles.for_division(here.code, day) if here else None, day)
    course = _Course(rule, home)
    heard = _heard(folded, profiles, home, rule, day) if home.own else ()
    events = [*_said(heard, home), *_decided(words)]
    for on, _, _, event in sorted(events, key=lambda one: one[:3]):
        course.take(on, event)
    return course.ends(frozenset(live), day)


def _county(profiles: Profiles, code: int, day: date) -> int:
    """Under the codes of the day."""
    return divisions.county_of(profiles.code_on(code, day))


def _home(folded: Fold, profiles: Profiles, day: date) -> _Home | None:
    episodes = folded.residing.episodes
    if not episodes or folded.hukou_code is None:
        return None
    last = episodes[-1]
    if last.until is not None and last.until < day:
        return _Home(last.until + DAY, False, False)
    own = _county(profiles, folded.hukou_code, day)
    if _county(profiles, last.code, day) != own:
        return _Home(last.since, False, False)
    since = last.since
    for earlier in reversed(episodes[:-1]):
        if _county(profiles, earlier.code, day) != own:
            return _Home(since, True, True)
        since = earlier.since
    return _Home(since, True, False)


def _rule(folded: Fold, profile: Profile | None, day: date) -> _Rule:
    joint = profile.rule(JointAnalysis, day) if profile else None
    definition = profile.definition(day) if profile else None
    age = joint.age_below if joint and isinstance(joint.age_below, int) else None
    if age is None and definition is not None:
        age = definition.age_below
    born, ages_out = folded.birth_on, None
    if profile is not None and born is not None and age is not None:
        ages_out = age_reached_on(born, age, profile.day_counting(day))
    return _Rule(
        joint.clause if joint else "",
        bool(joint and joint.left_behind),
        bool(joint and joint.parents_away == "both"),
        ages_out,
    )


#: Day, rank on that day, order, and what it was: None is the return.
_Event = tuple[date, int, int, Any]


def _heard(
    folded: Fold, profiles: Profiles, home: _Home, rule: _Rule, day: date
) -> Iterator[Signal]:
    """What offices of the child's own county said of its parents since it lives there, less what newer words overtook."""
    own = _county(profiles, folded.hukou_code or 0, day)
    newest: date | None = None
    kinds = (PARENTS_AWAY, PARENTS_HERE)
    for one in sorted(
        (s for s in folded.signals if s.kind in kinds and s.on >= home.since),
        key=lambda s: (s.known, s.on, s.kind, s.entry.int),
    ):
        if one.kind == PARENTS_AWAY and rule.both and one.word != "both":
            continue
        if (newest is None or one.on >= newest) and _county(profiles, one.office, day) == own:
            newest = one.on
            yield one


def _said(heard: Iterable[Signal], home: _Home) -> Iterator[_Event]:
    """By the day on which it was known: the return first, and before what was decided on the same day."""
    if home.returned:
        yield home.since, 0, 0, None
    for number, one in enumerate(heard):
        yield max(one.known, home.since), 1, number, one


def _decided(words: Sequence[Any]) -> Iterator[_Event]:
    for number, row in enumerate(words):
        yield row["decided_at"].astimezone(SHANGHAI).date(), 2, number, row


@dataclass(slots=True)
class _Course:
    """How it came to stand as it does, event by event."""

    rule: _Rule
    home: _Home
    word: LeftBehindState | None = None
    decided_on: date = date.min
    basis: tuple[UUID, ...] = ()
    asked: Spell | None = None
    done: list[Spell] = field(default_factory=list)

    def take(self, on: date, event: Any) -> None:
        if event is None:
            if self.word != LeftBehindState.CONFIRMED and self.rule.open_on(on):
                detail = {"returned_on": f"{on}", "parents": "unsaid"}
                self.asked = Spell(f"returned:{on}", on, detail=detail)
        elif isinstance(event, Signal):
            self._hear(on, event)
        else:
            self._close(on, {"decided_on": f"{on}"})
            self.word = _AFTER[KINDS[event["kind"]]]
            self.decided_on, self.basis = on, tuple(event["basis"])

    def _hear(self, on: date, told: Signal) -> None:
        confirmed = self.word == LeftBehindState.CONFIRMED
        if (told.kind == PARENTS_HERE) != confirmed:
            # Nothing is left to be asked: a parent is here, or those of a confirmed child are away after all.
            self._close(on, {"evidence_on": f"{told.on}"}, told.record)
        elif not confirmed:
            self._propose(on, told)
        elif self.asked is None:
            detail = {"review": str(LeftBehindReview.PARENTS_HERE)}
            cause = f"review:{told.on}:{told.entry.hex}"
            self.asked = Spell(cause, on, record=told.record, detail=detail)

    def _propose(self, on: date, told: Signal) -> None:
        said = {"parents": f"{told.word}_away"}
        if self.asked is not None:
            self.asked = self.asked._replace(
                record=told.record, detail={**self.asked.detail, **said}
            )
        elif (self.home.returned or self.rule.everybody) and self.rule.open_on(on):
            cause = f"away:{told.on}:{told.entry.hex}"
            self.asked = Spell(cause, on, record=told.record, detail=said)

    def _close(self, on: date, why: Mapping[str, str], ended_by: UUID | None = None) -> None:
        if self.asked is not None:
            detail = {**self.asked.detail, **why}
            self.done.append(self.asked._replace(ended=on, ended_by=ended_by, detail=detail))
            self.asked = None

    def ends(self, live: frozenset[UUID], day: date) -> LeftBehind | None:
        """How it stands after the last event; a confirmed child that left, grew up or lost its evidence is looked at again."""
        if self.word == LeftBehindState.CONFIRMED:
            if not self.home.own:
                # What was asked before it left is asked no more: the leaving is what is to be judged.
                begins = max(self.home.since, self.decided_on)
                self.asked = _review(LeftBehindReview.MOVED, begins)
            elif self.asked is None and self.basis and live.isdisjoint(self.basis):
                self.asked = _review(LeftBehindReview.EVIDENCE_GONE, self.decided_on)
            elif self.asked is None and self.rule.ages_out is not None:
                begins = max(self.rule.ages_out, self.decided_on)
                self.asked = _review(LeftBehindReview.OF_AGE, begins)
        elif not self.home.own:
            self.asked = None
        spells = (*self.done, *([self.asked] if self.asked else ()))
        asked = self.asked if self.asked is not None and self.asked.begins <= day else None
        if asked is None and self.word is None:
            return None
        if asked is None:
            state, since = self.word, self.decided_on
        elif self.word == LeftBehindState.CONFIRMED:
            state, since = LeftBehindState.UNDER_REVIEW, asked.begins
        else:
            state, since = LeftBehindState.PROPOSED, asked.begins
        assert state is not None
        return LeftBehind(
            state=state,
            since=since,
            clause=self.rule.clause,
            review=str(asked.detail.get("review", "")) if asked else "",
            evidence=(asked.record,) if asked and asked.record else (),
            spells=spells,
        )


def _review(why: LeftBehindReview, begins: date) -> Spell:
    return Spell(f"review:{why}:{begins}", begins, detail={"review": str(why)})
