"""Hukou answers (户籍地答复): what the hukou place says to a notice about one of its children."""

from enum import StrEnum
from uuid import UUID

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Child, Item
from services.registry.records.feeds.wire import Code, Day, DivisionText
from shared.vocabulary import Department


class HukouOutcome(StrEnum):
    """The hukou place's verdict (答复); `not_ours` means that the notice reached the wrong place.

    `confirmed` 属实, `mismatch` 不一致, `not_ours` 非本地户籍, `unknown` 查无此人.
    """

    CONFIRMED = "confirmed"
    MISMATCH = "mismatch"
    NOT_OURS = "not_ours"
    UNKNOWN = "unknown"


class HukouAnswer(Item):
    """One answer; the child's block carries what the hukou place itself holds, if anything."""

    model_config = example(
        "SL-DF-2025-000003",
        "2025-03-10",
        division="371721000000",
        outcome="confirmed",
        hukou_division="371721000000",
        answered_on="2025-03-10",
        notice_ref="01JSHILI0000000000000000",
    )

    outcome: HukouOutcome
    """The verdict."""
    hukou_division: DivisionText | None = None
    """Where the child is registered according to the answering place."""
    answered_on: Day | None = None
    """Day of the answer."""
    answered_by: DivisionText | None = None
    """County of the authority that answered."""
    peer: Code | None = None
    """The hub whose authority answered; absent where it is one of this hub."""
    notice_ref: Code | None = None
    """Opaque reference of the notice that is answered."""


class HukouAnswerIn(HukouAnswer):
    """An answer about the child ``child_id``: who that is the registry fills in."""

    model_config = example(
        "SL-DF-2025-000003",
        "2025-03-10",
        division="371721000000",
        child={},
        guardians=[],
        child_id="0195f3f2-5a6e-7c1b-9a53-0242ac120002",
        outcome="confirmed",
        hukou_division="371721000000",
        answered_on="2025-03-10",
    )

    child_id: UUID
    """The child's id at this registry."""
    child: Child = Child()
    """Overwritten by what the registry holds."""


FEED = Feed(
    name="hukou-answers",
    model=HukouAnswer,
    departments=(Department.HUB,),
    legal_basis=(
        "Chongqing plan 二(一)2, Heze plan (六), Heilongjiang plan 3: exchange and comparison "
        "between residence and hukou place (居住地与户籍地间信息交换、比对分析)"
    ),
    expected_every_days=None,
    title_zh="户籍地答复",
    title_en="Answers of the hukou place",
)
