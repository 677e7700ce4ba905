"""What the demo's department clients may do: the scopes and purposes an operator would give them."""

from collections.abc import Mapping

from shared.vocabulary import Department, Purpose, Scope

_PUSH = (Scope.RECORDS_WRITE, Scope.RECORDS_READ)
_READ = (Scope.CHILDREN_READ, Scope.EVENTS_READ, Scope.REFERENCES_READ, Scope.SUBSCRIPTIONS_WRITE)
_ALERTS = (Scope.ALERTS_READ, Scope.ALERTS_WRITE)

SCOPES: Mapping[Department, tuple[Scope, ...]] = {
    Department.EDUCATION: (
        *_PUSH,
        *_READ,
        *_ALERTS,
        Scope.DUTIES_READ,
        Scope.DUTIES_WRITE,
    ),
    Department.POLICE: (*_PUSH, *_READ),
    Department.HEALTH: (*_PUSH, *_READ),
    Department.DISEASE_CONTROL: (*_PUSH, *_READ, *_ALERTS),
    Department.MEDICAL_INSURANCE: (*_PUSH, *_READ, *_ALERTS),
    Department.DISABLED_FEDERATION: (*_PUSH, *_READ, Scope.KEY_CARE_READ),
    Department.CIVIL_AFFAIRS: (
        *_PUSH,
        *_READ,
        *_ALERTS,
        Scope.CHILDREN_SHIELD,
        Scope.KEY_CARE_READ,
        Scope.KEY_CARE_WRITE,
        Scope.DUTIES_READ,
        Scope.DUTIES_WRITE,
        Scope.POSTS_READ,
        Scope.POSTS_WRITE,
        Scope.REVIEWS_DECIDE,
        Scope.NOTICES_READ,
        Scope.NOTICES_WRITE,
        Scope.BREAK_GLASS,
        Scope.ERASURES_WRITE,
        Scope.PROFILES_READ,
        Scope.ACCESS_READ,
    ),
}
PURPOSES: Mapping[Department, tuple[Purpose, ...]] = dict.fromkeys(
    SCOPES, (Purpose.VERIFICATION, Purpose.SERVICE)
) | {
    Department.CIVIL_AFFAIRS: tuple(Purpose),
    Department.DISABLED_FEDERATION: (Purpose.VERIFICATION, Purpose.SERVICE, Purpose.KEY_CARE),
}
