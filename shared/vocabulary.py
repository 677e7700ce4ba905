"""The closed lists that cross the wire between services: departments, purposes and scopes."""

from enum import StrEnum


class Department(StrEnum):
    """Who a client speaks for (the departments of the five plans; ``hub`` is another city's hub)."""

    EDUCATION = "education"
    POLICE = "police"
    HEALTH = "health"
    DISEASE_CONTROL = "disease_control"
    MEDICAL_INSURANCE = "medical_insurance"
    DISABLED_FEDERATION = "disabled_federation"
    CIVIL_AFFAIRS = "civil_affairs"
    HUB = "hub"
    SERVICE = "service"


class Purpose(StrEnum):
    """Why a child's data is read; every read names one that its grant holds."""

    SURVEY = "survey"
    KEY_CARE = "key_care"
    VERIFICATION = "verification"
    HUKOU_EXCHANGE = "hukou_exchange"
    STATISTICS = "statistics"
    SERVICE = "service"
    SUPERVISION = "supervision"


class Scope(StrEnum):
    """What a token may do.  The last group is for the hub's own services."""

    RECORDS_WRITE = "records:write"
    RECORDS_READ = "records:read"
    CHILDREN_READ = "children:read"
    CHILDREN_SHIELD = "children:shield"
    KEY_CARE_READ = "key-care:read"
    KEY_CARE_WRITE = "key-care:write"
    REFERENCES_READ = "references:read"
    NOTICES_READ = "notices:read"
    NOTICES_WRITE = "notices:write"
    SUBSCRIPTIONS_WRITE = "subscriptions:write"
    EVENTS_READ = "events:read"
    BREAK_GLASS = "break-glass"
    ERASURES_WRITE = "erasures:write"
    PROFILES_READ = "profiles:read"
    ACCESS_READ = "access:read"

    RESOLUTIONS_WRITE = "resolutions:write"
    EVENTS_WRITE = "events:write"
    REVOCATIONS_READ = "revocations:read"
    PEER_FACTS_WRITE = "peer-facts:write"


SERVICE_SCOPES = frozenset(
    {Scope.RESOLUTIONS_WRITE, Scope.EVENTS_WRITE, Scope.REVOCATIONS_READ, Scope.PEER_FACTS_WRITE}
)
