"""Insurance enrolments (参保): whether a child is insured, year by year."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Item
from services.registry.records.feeds.wire import Day, Flag
from shared.vocabulary import Department


class InsuranceScheme(StrEnum):
    """Which insurance (参保险种): `residents` 城乡居民医保, `employees` 职工医保, `commercial` 商业保险, `other` 其他."""

    RESIDENTS = "residents"
    EMPLOYEES = "employees"
    COMMERCIAL = "commercial"
    OTHER = "other"


class Payer(StrEnum):
    """Who paid the contribution: `family` 家庭, `medical_aid` 资助参保, `school` 学校, `other` 其他."""

    FAMILY = "family"
    MEDICAL_AID = "medical_aid"
    SCHOOL = "school"
    OTHER = "other"


class InsuranceEnrolment(Item):
    """Whether one child is insured at this place in one year."""

    model_config = example(
        "SL-CB-2026-000099",
        "2025-12-20",
        year=2026,
        enrolled=True,
        scheme="residents",
        paid_by="family",
        enrolled_on="2025-12-18",
    )

    year: Annotated[int, Field(strict=True, ge=2000, le=2199)]
    """Insurance year."""
    enrolled: Flag
    """False where the department found the child uninsured."""
    scheme: InsuranceScheme | None = None
    """Which insurance."""
    paid_by: Payer | None = None
    """Who paid."""
    enrolled_on: Day | None = None
    """Day of enrolment."""


FEED = Feed(
    name="insurance-enrolments",
    model=InsuranceEnrolment,
    departments=(Department.MEDICAL_INSURANCE,),
    legal_basis=(
        "Social Insurance Law (社会保险法) art. 25: residents' basic medical insurance; "
        "Heilongjiang plan 2: insurance status enters the key-care ledger; Chongqing plan 二(一)2 "
        "and 二(二)2: insurance with a residence permit, aided enrolment"
    ),
    expected_every_days=92,
    title_zh="医疗保险参保",
    title_en="Medical insurance enrolments",
)
