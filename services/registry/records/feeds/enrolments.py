"""Enrolments (就学): what education departments know of a child's schooling."""

from enum import StrEnum

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Company, Item
from services.registry.records.feeds.wire import Day, Flag, Label, Title
from shared.vocabulary import Department


class SchoolStage(StrEnum):
    """Stage of schooling (学段).

    `kindergarten` 幼儿园, `primary` 小学, `junior` 初中, `senior` 高中, `vocational` 中职, `special` 特殊教育.
    """

    KINDERGARTEN = "kindergarten"
    PRIMARY = "primary"
    JUNIOR = "junior"
    SENIOR = "senior"
    VOCATIONAL = "vocational"
    SPECIAL = "special"


class EnrolmentEvent(StrEnum):
    """What happened at the school (学籍变动); dropping out is reported, never inferred.

    `enrolled` 入学, `transferred_in` 转入, `transferred_out` 转出, `dropped_out` 失学辍学, `graduated` 毕业.
    """

    ENROLLED = "enrolled"
    TRANSFERRED_IN = "transferred_in"
    TRANSFERRED_OUT = "transferred_out"
    DROPPED_OUT = "dropped_out"
    GRADUATED = "graduated"


class Enrolment(Item):
    """One event in a pupil's school record (学籍)."""

    model_config = example(
        "SL-XJ-2025-000123",
        "2025-09-03",
        school_name="示例区示例小学",
        school_code="2150000001",
        stage="primary",
        grade="三年级",
        event="transferred_in",
        on="2025-09-01",
        accompanied_by="both_parents",
        boarding=False,
    )

    event: EnrolmentEvent
    """What happened."""
    on: Day
    """The day it happened or took effect."""
    stage: SchoolStage
    """Stage of schooling."""
    grade: Label | None = None
    """Grade as the school writes it (年级)."""
    school_name: Title | None = None
    """Name of the school (学校名称)."""
    school_code: Label | None = None
    """The school's identification code (学校标识码)."""
    accompanied_by: Company | None = None
    """With whom the pupil lives, as stated at registration."""
    boarding: Flag | None = None
    """Whether the pupil boards at the school (寄宿)."""


FEED = Feed(
    name="enrolments",
    model=Enrolment,
    departments=(Department.EDUCATION,),
    legal_basis=(
        "Law on the Protection of Minors (未成年人保护法) arts. 28 and 83: schooling and return "
        "of drop-outs; Tianmen plan 三(一): education departments share the schooling of children "
        "who moved with their families (随迁子女就学信息); Chongqing plan 二(一)2"
    ),
    expected_every_days=31,
    title_zh="就学信息",
    title_en="School enrolments",
)
