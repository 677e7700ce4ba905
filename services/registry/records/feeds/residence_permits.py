"""Residence permits (居住证) and residence registrations: what police know of homes."""

from enum import StrEnum

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Item, Relation
from services.registry.records.feeds.wire import Day, Name, Number, Phone, Title, Wire
from shared.vocabulary import Department


class PermitEvent(StrEnum):
    """What happened to the permit: `registered` 登记, `endorsed` 签注, `cancelled` 注销, which is how police report a departure."""

    REGISTERED = "registered"
    ENDORSED = "endorsed"
    CANCELLED = "cancelled"


class PermitRole(StrEnum):
    """Whether the child holds the permit or goes with its holder: `holder` 持证人, `accompanying` 随行."""

    HOLDER = "holder"
    ACCOMPANYING = "accompanying"


class PermitHolder(Wire):
    """The person to whom the permit was issued (持证人)."""

    name: Name | None = None
    """Name as written by the source."""
    relation: Relation | None = None
    """What the holder is to the child."""
    id_number: Number | None = None
    """Resident identity number of the holder."""
    phone: Phone | None = None
    """Phone number of the holder."""


class ResidencePermit(Item):
    """One event of a residence permit, as it concerns one child: one item for each child."""

    model_config = example(
        "SL-JZZ-2025-004567-1",
        "2025-02-24",
        event="registered",
        role="accompanying",
        registered_on="2025-02-24",
        valid_until="2026-02-23",
        holder={
            "name": "示大山",
            "relation": "father",
            "id_number": "371721198804120114",
            "phone": "14200000001",
        },
        reason="随父母居住",
    )

    event: PermitEvent
    """What happened; the home itself stands in `residence`."""
    role: PermitRole
    """The child's place on the permit."""
    registered_on: Day | None = None
    """Day of registration; the stay may have begun earlier (`residence.since`)."""
    valid_until: Day | None = None
    """Last day of validity; a permit is endorsed (签注) once a year."""
    cancelled_on: Day | None = None
    """Day of cancellation."""
    holder: PermitHolder | None = None
    """The holder, where the child accompanies."""
    reason: Title | None = None
    """Reason for living here, or for the cancellation, as written."""


FEED = Feed(
    name="residence-permits",
    model=ResidencePermit,
    departments=(Department.POLICE,),
    legal_basis=(
        "Provisional Regulations on Residence Permits (居住证暂行条例, State Council Decree 663) "
        "arts. 2, 8 and 9: permits are police work, guardians apply for children under sixteen; "
        "Tianmen plan 三(一): police share residence permits (流动人员办理居住证信息)"
    ),
    expected_every_days=7,
    title_zh="居住证与居住登记",
    title_en="Residence permits",
)
