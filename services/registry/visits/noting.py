"""Noting: from one record to the visits that it tells of.

Cast: a *visit* is a claim that something was done with or for a child on a day.  The visits feed tells of them outright; a
survey and a psychological check tell of one as well.  A visit dated after the day on which its record came in tells
nothing: nobody has yet been where a record says that they will go.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from services.registry.children.claims import Source, VisitClaim
from services.registry.records.feeds import HealthCheck, Item, Survey, Visit
from services.registry.records.feeds.health_checks import CheckKind
from services.registry.records.feeds.surveys import SurveyChannel
from services.registry.records.feeds.visits import VisitChannel, VisitFindings, VisitOutcome
from shared.clock import SHANGHAI

#: What a survey and a check are called among visits.
SURVEY, SCREENING = "survey", "screening"

_CHANNELS = {
    SurveyChannel.HOME_VISIT: VisitChannel.IN_PERSON,
    SurveyChannel.PHONE: VisitChannel.PHONE,
    SurveyChannel.SELF_DECLARATION: VisitChannel.ONLINE,
}


def visits_of(item: Item, source: Source) -> tuple[VisitClaim, ...]:
    """What one record tells; nothing for most feeds."""
    told = _TELLING.get(type(item))
    claim = told(item, source) if told else None
    if claim is None or claim.on > _day(source.received_at):
        return ()
    return (claim,)


def findings_of(item: Visit, observed: date) -> VisitFindings | None:
    """What was found, where somebody met the child, on no later day than the one of which the record speaks."""
    made = item.outcome is VisitOutcome.MET and item.visited_on <= observed
    return item.findings if made else None


@lru_cache(maxsize=1024)
def _day(instant: datetime) -> date:
    return instant.astimezone(SHANGHAI).date()


def _visit(item: Visit, source: Source) -> VisitClaim:
    return VisitClaim(
        item.kind,
        item.visited_on,
        item.channel,
        item.outcome,
        item.visitor or "",
        item.staff or "",
        item.helps,
        source,
    )


def _survey(item: Survey, source: Source) -> VisitClaim:
    channel = _CHANNELS[item.channel]
    who = item.surveyor or ""
    # A family that declares itself was reached by nobody; the survey is made all the same.
    return VisitClaim(SURVEY, item.surveyed_on, channel, VisitOutcome.MET, who, "", (), source)


def _check(item: HealthCheck, source: Source) -> VisitClaim | None:
    if item.kind is not CheckKind.PSYCHOLOGICAL:
        return None
    met = VisitOutcome.MET
    return VisitClaim(SCREENING, item.checked_on, VisitChannel.IN_PERSON, met, "", "", (), source)


_TELLING: Mapping[type[Item], Callable[[Any, Source], VisitClaim | None]] = {
    Visit: _visit,
    Survey: _survey,
    HealthCheck: _check,
}
