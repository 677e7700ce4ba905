"""Demanding: what a report still lacks of what its place's text asks of whoever makes it; pure.

No report is refused, nor its answer or its closing held up, because of it: who is in danger is not served by a form.  What is
missing is said, and the case stands among those to be pressed for (``waiting``) until somebody tells that it was done or the
ground that there is, police find that nothing of it was so, or the case is closed.  What was asked is kept with the report, as
the text had it on that day.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.registry.cases.ruling import Rules
from services.registry.cases.stepping import Done, state_of
from services.registry.cases.terms import (
    BEFORE,
    GROUNDS,
    CaseActKind,
    CaseDemand,
    CaseKind,
    CaseOutcome,
    CaseState,
)


def asked_of(rules: Rules) -> dict[str, list[str]]:
    """What a report keeps of it; empty where the text asks nothing beside reporting."""
    if rules.asked is None:
        return {}
    asked = {"before": list(rules.asked.before), "only_if": list(rules.asked.only_if)}
    return {name: said for name, said in asked.items() if said}


def demands(
    kind: CaseKind, words: Mapping[str, Any], acts: Sequence[Done]
) -> tuple[CaseDemand, ...]:
    """What is missing of it after these acts; ``words`` are those with which the case was opened."""
    asked: Mapping[str, Sequence[str]] = words.get("asked", {})
    if not asked or state_of(kind, [one.kind for one in acts]) == CaseState.CLOSED:
        return ()
    answers = [one.outcome for one in acts if one.kind == CaseActKind.ANSWER]
    if answers and answers[-1] == CaseOutcome.UNFOUNDED:
        return ()
    told = {*words.get("told", ()), *(str(one.kind) for one in acts)}
    missing = [
        CaseDemand(one) for one in BEFORE if one in asked.get("before", ()) and one not in told
    ]
    grounds = [one for one in GROUNDS if one in asked.get("only_if", ())]
    if grounds and not told.intersection(grounds):
        missing.append(CaseDemand.GROUND)
    return tuple(missing)
