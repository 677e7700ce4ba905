"""Showing an entry: to level readers its level and not a word more, to readers and keepers all of it."""

from datetime import datetime, timedelta
from typing import Any

from services.registry import answers
from services.registry.children.kit import Kit
from services.registry.compartments.reading import Entry, kept_by, limit_of
from services.registry.compartments.sharing import Right, Sharing
from services.registry.compartments.terms import FORMS, Compartment, CompartmentEntryState
from services.registry.compartments.urging import Urgency
from shared import divisions
from shared.clock import SHANGHAI


def mark(entry: Entry, now: datetime) -> dict[str, Any]:
    """A line of a list."""
    seen: dict[str, Any] = {
        "id": str(entry.id),
        "compartment": entry.row["compartment"],
        "place": divisions.text_of(entry.row["place"]),
    }
    if entry.child_is_seen:
        seen["child"] = str(entry.child)
    if entry.standing.level:
        seen["level"] = entry.standing.level
    if entry.right >= Right.CONTENT:
        seen |= _course(entry, now)
    return seen


def whole(entry: Entry, now: datetime) -> dict[str, Any]:
    """One entry, every word of it for those who may read them."""
    seen = mark(entry, now)
    if entry.right >= Right.CONTENT:
        opened, *said = entry.words
        seen |= {
            "department": entry.row["department"],
            "actor": entry.row["actor"],
            **_told(opened),
            "acts": [_act(act, words) for act, words in zip(entry.acts, said, strict=True)],
        }
    return seen


def body_of(entry: Entry, now: datetime) -> bytes:
    return answers.dump(whole(entry, now))


def etag(kit: Kit, entry: Entry, now: datetime) -> str:
    """Of what its reader sees: a level reader's does not change with words."""
    return answers.etag(kit, body_of(entry, now))


def _course(entry: Entry, now: datetime) -> dict[str, Any]:
    row, standing = entry.row, entry.standing
    sharing = kept_by(entry, row["opened_at"])
    seen: dict[str, Any] = {"state": str(standing.state), "opened_at": row["opened_at"]}
    if sharing is not None:
        seen["clause"] = sharing.clause
    seen |= _follow_up(entry, now)
    if standing.level:
        seen["level_since"] = standing.level_since
    if standing.waiting_since is not None:
        seen["urgent_since"] = standing.waiting_since
    if entry.urgency is not None:
        seen["urgent"] = _urgent(entry.urgency)
    if entry.uncovered:
        seen["uncovered"] = True
    if standing.proposed is not None:
        seen["proposed_level"] = standing.proposed.level
    if standing.handed_to:
        seen["handed_to"] = standing.handed_to
    return seen


def _urgent(urgency: Urgency) -> dict[str, Any]:
    answers = urgency.responsible
    seen: dict[str, Any] = {
        "state": str(urgency.state),
        "step": str(urgency.step),
        "responsible": {
            "step": str(answers.step),
            "division": divisions.text_of(answers.division),
        },
    }
    if urgency.due_at is not None:
        seen["due_at"] = urgency.due_at
    if answers.kind is not None:
        seen["responsible"]["kind"] = str(answers.kind)
    if answers.post is not None:
        seen["responsible"]["post"] = str(answers.post)
    if answers.vacant:
        seen["responsible"]["vacant"] = [str(kind) for kind in answers.vacant]
    return seen


def _follow_up(entry: Entry, now: datetime) -> dict[str, Any]:
    """When the child is to be seen again at its level (分级跟踪服务), by the rules of the day on which it was last seen.

    Without an interval a person must set one: it runs from then.
    """
    standing = entry.standing
    form = FORMS[Compartment(entry.row["compartment"])]
    if standing.state != CompartmentEntryState.OPEN or not (form.levels and form.words_kept):
        return {}
    since = max(standing.level_since, standing.followed_up_at or standing.level_since)

    def days(sharing: Sharing) -> int | None:
        level = sharing.level(standing.level)
        return level.follow_up_days if level is not None else None

    interval = limit_of(entry, since, now, days)
    if interval is None:
        return {"follow_up": "no_interval_configured"}
    seen_on = since.astimezone(SHANGHAI).date()
    due = interval.begins_on(seen_on) + timedelta(days=interval.value)
    overdue = now.astimezone(SHANGHAI).date() > due
    return {"follow_up": "overdue" if overdue else "within_interval", "follow_up_due_on": due}


def _act(act: Any, words: dict[str, Any]) -> dict[str, Any]:
    return {
        "act": act["kind"],
        "department": act["department"],
        "actor": act["actor"],
        "at": act["acted_at"],
        **_told(words),
    }


def _told(words: dict[str, Any]) -> dict[str, Any]:
    return {name: said for name, said in words.items() if said}
