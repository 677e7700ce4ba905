"""Who may rule, and read rulings: people of civil affairs (民政), for a purpose that shows them who a child is."""

from collections.abc import Mapping

from services.registry.access.matrix import FULL
from services.registry.access.sight import groups_for
from services.registry.access.subjects import Subject, only_civil_affairs
from shared.auth import Caller
from shared.problems import Forbidden
from shared.vocabulary import Department, Scope

Groups = Mapping[str, str]


def sight_of_reader(caller: Caller) -> Groups:
    """The field groups open to the caller; Forbidden where they do not tell one child from another."""
    only_civil_affairs(caller)
    groups = groups_for(caller)
    if groups.get("identity") != FULL:
        raise Forbidden("Nothing is decided for this purpose.")
    return groups


def may_read(caller: Caller) -> bool:
    """Whether rulings are open to the caller at all."""
    reads = caller.department == Department.CIVIL_AFFAIRS
    named = groups_for(caller).get("identity") == FULL
    return reads and named and Scope.REVIEWS_DECIDE in caller.grant.scopes


def sight_of_decider(caller: Caller) -> Groups:
    """As ``sight_of_reader``; PersonNeeded when it is a job."""
    groups = sight_of_reader(caller)
    Subject.of(caller)
    return groups
