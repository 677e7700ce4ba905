"""Life: the events in a child's folded state, as far as the reader's groups open them: stays, hukou, status, visits.  Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.registry.children import viewing
from services.registry.children.state import facts_of
from services.registry.dossiers.events import DossierEventKind, Event, made_id
from services.registry.profiles import Profiles
from services.registry.status.deciding import decide

Groups = Mapping[str, str]
State = Mapping[str, Any]
#: No life has more turns; a fault in the rules must not turn for ever.
MOST_TURNS = 400
DAY = timedelta(days=1)


def stays(key: bytes, child: UUID, state: State, groups: Groups, shielded: bool) -> Iterator[Event]:
    """The episodes: each began once, and ended at most once."""
    for held in viewing.view(state, groups, shielded).get("episodes", ()):
        place = {name: held.get(name) for name in ("division", "place", "address", "accompanied")}
        since = held["since"]
        # By its county and first day: the finer code may change with every record.
        of = (child, "episode", county(held["division"]), since)
        yield Event(
            made_id(key, *of, "began"),
            DossierEventKind.EPISODE_BEGAN,
            date.fromisoformat(since),
            detail={**place, "confirmed": held.get("confirmed")},
        )
        if until := held.get("until"):
            ended = made_id(key, *of, "ended")
            detail = {"division": held["division"], "place": held["place"]}
            yield Event(
                ended, DossierEventKind.EPISODE_ENDED, date.fromisoformat(until), detail=detail
            )


def county(text: str) -> str:
    return text[:6]


def hukou(key: bytes, child: UUID, state: State, groups: Groups, shielded: bool) -> Iterator[Event]:
    """The hukou spells that some source dates; of the others nobody knows when they began."""
    for held in viewing.view(state, groups, shielded).get("hukou", ()):
        if held.get("since"):
            made = made_id(key, child, "hukou", county(held["division"]), held["since"])
            detail = {name: held.get(name) for name in ("division", "place", "address")}
            yield Event(
                made, DossierEventKind.HUKOU_BEGAN, date.fromisoformat(held["since"]), detail=detail
            )


def visits(
    key: bytes, child: UUID, state: State, groups: Groups, shielded: bool
) -> dict[UUID, Event]:
    """Every visit that the reader sees, by the record that tells of it."""
    found = {}
    for held in state.get("visits", ()):
        seen = viewing.visit(held, groups, shielded)
        if seen is None:
            continue
        made = made_id(key, child, "visit", held["record"])
        detail = {name: value for name, value in seen.items() if name != "on"}
        event = Event(made, DossierEventKind.VISIT, date.fromisoformat(held["on"]), detail=detail)
        found[UUID(held["record"])] = event
    return found


def statuses(
    key: bytes, child: UUID, state: State, profiles: Profiles, today: date
) -> Iterator[Event]:
    """When the status changed up to today, by the rules of each day's place and the facts as they are known today."""
    facts = facts_of(state)
    if not facts.episodes:
        return
    episodes = sorted(facts.episodes, key=lambda e: e.since)
    turns = {e.since for e in episodes} | {e.until + DAY for e in episodes if e.until}
    turns |= {h.since for h in facts.hukou if h.since}
    day, before = episodes[0].since, None
    for _ in range(MOST_TURNS):
        if day > today:
            return
        home = [e for e in episodes if e.since <= day][-1]
        decision = decide(facts, profiles.for_division(home.code, day), day)
        if decision.status != before:
            clauses = sorted({reason.clause for reason in decision.reasons if reason.clause})
            yield Event(
                made_id(key, child, "status", day, decision.status),
                DossierEventKind.STATUS,
                day,
                detail={"status": str(decision.status), "clauses": clauses or None},
            )
            before = decision.status
        later = {turn for turn in turns if turn > day}
        if decision.next_change_on is not None and decision.next_change_on > day:
            later.add(decision.next_change_on)
        if not later:
            return
        day = min(later)
