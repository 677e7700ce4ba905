"""Medical cost alerts (高额医疗费用监测预警): bills that may push a family into hardship."""

from typing import Annotated

from pydantic import Field

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Item
from services.registry.records.feeds.wire import Code, Day, Flag
from shared.vocabulary import Department


class MedicalCostAlert(Item):
    """One warning that a child's medical costs passed a threshold of the insurance authority."""

    model_config = example(
        "SL-GE-2025-000012",
        "2025-07-02",
        incurred_on="2025-06-28",
        amount_fen=6800000,
        threshold="family_burden_50000_yuan",
        inpatient=True,
    )

    incurred_on: Day
    """The day on which the threshold was passed."""
    amount_fen: Annotated[int, Field(strict=True, ge=0, le=10**12)]
    """Costs borne by the family so far this year, in fen (分, 1/100 yuan)."""
    threshold: Code
    """Code of the threshold that was passed."""
    inpatient: Flag | None = None
    """Whether hospital stays are among the costs."""


FEED = Feed(
    name="medical-cost-alerts",
    model=MedicalCostAlert,
    departments=(Department.MEDICAL_INSURANCE,),
    legal_basis=(
        "State Council General Office opinion on insurance and aid for serious illness "
        "(国办发〔2021〕42号): monitoring against poverty through illness; Tianmen plan 三(一): "
        "insurance authorities push costly-bill warnings (高额医疗费用监测预警信息)"
    ),
    expected_every_days=31,
    title_zh="高额医疗费用监测预警",
    title_en="Medical cost alerts",
)
