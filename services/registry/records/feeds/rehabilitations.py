"""Rehabilitations (康复救助): aid that disabled children receive where they live."""

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Item
from services.registry.records.feeds.wire import Code, Day, Title
from shared.vocabulary import Department


class Rehabilitation(Item):
    """One stretch of one child's rehabilitation; its end is a next version of the entry."""

    model_config = example(
        "SL-KF-2025-000008",
        "2025-03-05",
        program="hearing_and_speech_training",
        institution="示例康复中心",
        started_on="2025-03-03",
    )

    program: Code
    """Code of the programme."""
    institution: Title | None = None
    """Institution giving it."""
    started_on: Day
    """First day."""
    ended_on: Day | None = None
    """Last day, once known."""


FEED = Feed(
    name="rehabilitations",
    model=Rehabilitation,
    departments=(Department.DISABLED_FEDERATION,),
    legal_basis=(
        "Regulations on Disability Prevention and Rehabilitation (残疾预防和残疾人康复条例) art. "
        "26 and 国发〔2018〕20号: rehabilitation aid for disabled children; Tianmen plan 三(一): "
        "the federation pushes it (流动残疾儿童康复救助信息)"
    ),
    expected_every_days=92,
    title_zh="残疾儿童康复救助",
    title_en="Rehabilitation aid",
)
