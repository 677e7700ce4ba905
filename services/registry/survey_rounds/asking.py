"""Asking: which blocks (R8) a survey asked, and which that the rules of the place require it left out.  Pure.

A block is *asked* when anything in it was answered: an empty block, or one of `unknown` alone, tells nothing.  The child's own
block needs a name and a birth date or number, without which nobody knows who was surveyed.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel

from services.registry.children.claims import Source, SurveyClaim
from services.registry.profiles import Profile
from services.registry.profiles.families.surveys import Block, SurveyRound
from services.registry.profiles.rules import Unset
from services.registry.records.feeds import Item, Survey
from shared.clock import SHANGHAI

#: What a source knows nothing of.
UNKNOWN: Final = "unknown"


def asked(item: Survey) -> tuple[Block, ...]:
    """The blocks that were asked, in the order of the texts."""
    return tuple(block for block, was in _WAS_ASKED.items() if was(item))


def _child(item: Survey) -> bool:
    child = item.child
    return bool(child.name and (child.birth_date or child.id_number))


def _parents(item: Survey) -> bool:
    parents = item.parents
    return parents is not None and any(_answered(one) for one in (parents.father, parents.mother))


_WAS_ASKED: Final[Mapping[Block, Callable[[Survey], bool]]] = {
    "child": _child,
    "parents": _parents,
    "family_life": lambda item: _answered(item.family_life),
    "guardianship": lambda item: _answered(item.guardianship),
    "living_security": lambda item: _answered(item.living_security),
}


def _answered(block: BaseModel | None) -> bool:
    if block is None:
        return False
    values: Iterable[Any] = (getattr(block, name) for name in type(block).model_fields)
    return any(value not in (None, "", (), UNKNOWN) for value in values)


def surveys_of(item: Item, source: Source) -> tuple[SurveyClaim, ...]:
    """The survey that a record tells of; none where it is dated after the day on which its record came in."""
    if type(item) is not Survey:
        return ()
    if item.surveyed_on > source.received_at.astimezone(SHANGHAI).date():
        return ()
    by = item.surveyor or ""
    return (SurveyClaim(item.surveyed_on, item.channel, by, asked(item), source),)


@lru_cache(maxsize=4096)
def rule_of(profile: Profile | None, on: date) -> SurveyRound | None:
    """What a round takes that opens, or a survey that is made, on a day."""
    return profile.rule(SurveyRound, on) if profile is not None else None


def required(rule: SurveyRound | None) -> tuple[Block, ...] | None:
    """The blocks that make a survey complete; None where no text and no administrator has said."""
    return None if rule is None or isinstance(rule.blocks, Unset) else rule.blocks


def findings(item: Item, profile: Profile | None) -> tuple[str, ...]:
    """A quality finding for each block that the place requires and the survey left out."""
    if type(item) is not Survey:
        return ()
    needed = required(rule_of(profile, item.surveyed_on)) or ()
    was = asked(item)
    return tuple(f"{block}_block_missing" for block in needed if block not in was)
