"""Contractors (委托机构): social-work agencies that survey and visit for civil affairs, for a place and a time (R9).

Guaranteed, whatever a row of ``clients`` says: a contractor pushes surveys and visits and reads its own records, nothing else;
row-level security closes every table of children to it besides (``migrations/security.py``).  Its word is civil affairs' word,
so each item must say who surveyed or visited: ``social_work_agency``, ``social_worker``.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from services.registry.profiles import Profile
from services.registry.profiles.families.surveys import SurveyRound
from services.registry.profiles.rules import Unset
from services.registry.records.feeds import Feed, Item, Survey, Visit
from services.registry.records.feeds.surveys import Surveyor
from services.registry.records.feeds.visits import Visitor
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.problems import Flaw, Forbidden
from shared.vocabulary import Department, Purpose, Scope

FEEDS: Final = frozenset({"surveys", "visits"})
SCOPES: Final = frozenset({Scope.RECORDS_WRITE, Scope.RECORDS_READ})
PURPOSES: Final = frozenset({Purpose.SURVEY})
COUNTY: Final = 10**6
#: By the level that a place's rules name: no contract opens more.
_WIDTHS: Final = {"county": 10**6, "township": 10**3, "village": 1}


class NotAllowed(Exception):
    """A grant that no contractor may have; the text says why."""


def check(
    *,
    department: Department,
    area: tuple[int, int],
    scopes: Iterable[Scope],
    purposes: Iterable[Purpose],
    begins: datetime,
    until: datetime | None,
    profile: Profile | None,
) -> None:
    """NotAllowed unless a contractor may have this grant under the rules of the place on its first day."""
    if department != Department.CIVIL_AFFAIRS:
        raise NotAllowed("a contractor works for civil_affairs")
    if beyond := sorted({str(s) for s in set(scopes) - SCOPES}):
        raise NotAllowed(f"a contractor never has {', '.join(beyond)}")
    if beyond := sorted({str(p) for p in set(purposes) - PURPOSES}):
        raise NotAllowed(f"a contractor never reads for {', '.join(beyond)}")
    if until is None or until <= begins:
        raise NotAllowed("a contractor's grant ends on a day after it begins")
    width = area[1] - area[0] + 1
    if width > COUNTY:
        raise NotAllowed("a contractor's area is a county at most")
    rule = profile.rule(SurveyRound, begins.astimezone(SHANGHAI).date()) if profile else None
    if rule is None or isinstance(rule.contractors, Unset):
        return
    if not isinstance(rule.contractors.area, Unset) and width > _WIDTHS[rule.contractors.area]:
        raise NotAllowed(f"the rules of the place give a contractor one {rule.contractors.area}")
    days = rule.contractors.days
    if not isinstance(days, Unset) and until - begins > timedelta(days=days):
        raise NotAllowed(f"the rules of the place give a contractor {days} days")


def may_push(caller: Caller, feed: Feed) -> None:
    """Forbidden where the feed is not the department's, or not open to contractors."""
    if caller.department not in feed.departments:
        raise Forbidden("Your department does not own this feed.")
    if caller.grant.contractor and feed.name not in FEEDS:
        raise Forbidden("Contractors push surveys and visits alone.")


def disguised(caller: Caller, item: Item) -> Flaw | None:
    """What is wrong with a contractor's item that does not say that a contractor made it."""
    if not caller.grant.contractor:
        return None
    if isinstance(item, Survey) and item.surveyor is not Surveyor.SOCIAL_WORK_AGENCY:
        return Flaw("/surveyor", "contractor_unnamed", "A contractor's is social_work_agency.")
    if isinstance(item, Visit) and item.visitor is not Visitor.SOCIAL_WORKER:
        return Flaw("/visitor", "contractor_unnamed", "A contractor's is social_worker.")
    return None
