"""Vaccinations (预防接种): doses given, as disease control and health departments report them."""

from typing import Annotated

from pydantic import Field

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Item
from services.registry.records.feeds.wire import Code, Day, Title
from shared.vocabulary import Department


class Vaccination(Item):
    """One dose given to one child."""

    model_config = example(
        "SL-JZ-2018-003001",
        "2018-11-06",
        vaccine="MMR",
        dose=1,
        given_on="2018-11-05",
        clinic="示例街道预防接种门诊",
    )

    vaccine: Code
    """Code of the vaccine in the immunisation programme (国家免疫规划)."""
    dose: Annotated[int, Field(strict=True, ge=1, le=20)]
    """Which dose of the series."""
    given_on: Day
    """Day on which it was given."""
    clinic: Title | None = None
    """Vaccination unit (接种单位)."""


FEED = Feed(
    name="vaccinations",
    model=Vaccination,
    departments=(Department.DISEASE_CONTROL, Department.HEALTH),
    legal_basis=(
        "Vaccine Administration Law (疫苗管理法) art. 47: vaccination certificates are kept where "
        "the child lives; Chongqing plan 二(一)2 and 二(二)2, Heilongjiang plan 6: missed doses "
        "are found and given (漏种补种)"
    ),
    expected_every_days=31,
    title_zh="预防接种",
    title_en="Vaccinations",
)
