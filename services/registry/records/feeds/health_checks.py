"""Health checks (健康检查): child health management as health departments keep it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Item
from services.registry.records.feeds.wire import Code, Day, Flag, NullAsEmpty, Title
from shared.vocabulary import Department


class CheckKind(StrEnum):
    """What kind of check (健康检查) it was.

    `newborn` 新生儿访视, `routine` 定期健康检查, `school` 学生体检, `screening` 筛查, `psychological` 心理评估, `other` 其他.
    """

    NEWBORN = "newborn"
    ROUTINE = "routine"
    SCHOOL = "school"
    SCREENING = "screening"
    PSYCHOLOGICAL = "psychological"
    OTHER = "other"


class ScreeningKind(StrEnum):
    """Which early screening (早期筛查) was done.

    `newborn_metabolism` 新生儿遗传代谢病筛查, `newborn_hearing` 新生儿听力筛查, `newborn_heart` 新生儿先心病筛查,
    `autism` 儿童孤独症筛查, `eyesight` 儿童眼保健及视力筛查.
    """

    NEWBORN_METABOLISM = "newborn_metabolism"
    NEWBORN_HEARING = "newborn_hearing"
    NEWBORN_HEART = "newborn_heart"
    AUTISM = "autism"
    EYESIGHT = "eyesight"


class PsychologicalFinding(StrEnum):
    """Outcome of a psychological assessment (心理异常): `none` 无, `suspected` 疑似, `confirmed` 确认.

    Sensitive, seen by few.
    """

    NONE = "none"
    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"


class HealthCheck(Item):
    """One check of one child; clinical detail stays with the institution."""

    model_config = example(
        "SL-TJ-2025-000777",
        "2025-04-11",
        checked_on="2025-04-10",
        kind="routine",
        institution="示例社区卫生服务中心",
        managed=True,
        screenings=["eyesight"],
        findings=["low_vision"],
        psychological_finding="none",
    )

    checked_on: Day
    """Day of the check."""
    kind: CheckKind
    """Kind of check."""
    institution: Title | None = None
    """Where it took place."""
    managed: Flag | None = None
    """Whether the child is under health management here (健康管理)."""
    screenings: Annotated[tuple[ScreeningKind, ...], Field(max_length=5), NullAsEmpty()] = ()
    """Early screenings that it included (早期筛查), whatever they found: each closes its gap, late or not."""
    findings: Annotated[tuple[Code, ...], Field(max_length=32), NullAsEmpty()] = ()
    """Findings as codes of the pushing system, not as clinical text."""
    psychological_finding: PsychologicalFinding | None = None
    """Result of the psychological part, where there was one."""


FEED = Feed(
    name="health-checks",
    model=HealthCheck,
    departments=(Department.HEALTH,),
    legal_basis=(
        "Law on Basic Medical and Health Care (基本医疗卫生与健康促进法) arts. 15 and 16: basic "
        "public health services; Tianmen plan 三(一): health departments push health management "
        "(健康管理相关信息); Chongqing plan 二(一)2; Mental Health Law (精神卫生法) art. 4 binds "
        "every reader of psychological findings to secrecy"
    ),
    expected_every_days=31,
    title_zh="健康检查与健康管理",
    title_en="Health checks",
)
