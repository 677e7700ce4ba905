"""Household registrations (户籍): what police know of where a child is registered."""

from enum import StrEnum

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Item, Relation
from services.registry.records.feeds.wire import Day, DivisionText, Name, Wire
from shared.vocabulary import Department


class RegistrationEvent(StrEnum):
    """What happened in the household register (户口簿): `registered` 登记, `moved_in` 迁入, `moved_out` 迁出, `cancelled` 注销."""

    REGISTERED = "registered"
    MOVED_IN = "moved_in"
    MOVED_OUT = "moved_out"
    CANCELLED = "cancelled"


class HukouKind(StrEnum):
    """Which kind of household: `family` 家庭户, `collective` 集体户."""

    FAMILY = "family"
    COLLECTIVE = "collective"


class HouseholdHead(Wire):
    """The head of the household (户主)."""

    name: Name | None = None
    """Name as written by the source."""
    relation: Relation | None = None
    """What the head is to the child."""


class HouseholdRegistration(Item):
    """One event of a child's household registration; the registration itself is `hukou`."""

    model_config = example(
        "SL-HJ-2017-000042",
        "2017-06-01",
        division="371721000000",
        event="registered",
        on="2017-06-01",
        kind="family",
        head={"name": "示大山", "relation": "father"},
    )

    event: RegistrationEvent
    """What happened."""
    on: Day
    """The day it took effect."""
    kind: HukouKind | None = None
    """Kind of household."""
    head: HouseholdHead | None = None
    """Head of the household."""
    other_division: DivisionText | None = None
    """The place moved in from, or out to, when known."""


FEED = Feed(
    name="household-registrations",
    model=HouseholdRegistration,
    departments=(Department.POLICE,),
    legal_basis=(
        "Regulations on Household Registration (户口登记条例) arts. 3 and 10: police keep the "
        "register and its moves; Chongqing plan 二(一)2, Heze plan (六) and Heilongjiang plan 3: "
        "exchange and comparison between residence and hukou place (居住地与户籍地)"
    ),
    expected_every_days=31,
    title_zh="户籍登记",
    title_en="Household registrations",
)
