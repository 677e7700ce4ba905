"""Assistance (救助保障): benefits and rescue that civil affairs grants a child or its family."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Item
from services.registry.records.feeds.wire import Day, Label
from shared.vocabulary import Department


class AssistanceKind(StrEnum):
    """Which benefit (救助保障); a *family* benefit says nothing else about the child than its hardship.

    `minimum_living` 最低生活保障, `minimum_living_margin` 低保边缘家庭, `extreme_poverty` 特困供养, `orphan` 孤儿,
    `de_facto_unsupported` 事实无人抚养儿童, `temporary` 临时救助, `vagrancy_rescue` 流浪救助.
    """

    MINIMUM_LIVING = "minimum_living"
    """最低生活保障 (低保)"""
    MINIMUM_LIVING_MARGIN = "minimum_living_margin"
    """低保边缘家庭"""
    EXTREME_POVERTY = "extreme_poverty"
    """特困供养"""
    ORPHAN = "orphan"
    """孤儿"""
    DE_FACTO_UNSUPPORTED = "de_facto_unsupported"
    """事实无人抚养儿童"""
    TEMPORARY = "temporary"
    """临时救助"""
    VAGRANCY_RESCUE = "vagrancy_rescue"
    """流浪救助"""


class AssistanceEvent(StrEnum):
    """What happened to the benefit: `started` 开始享受, `ended` 停止享受."""

    STARTED = "started"
    ENDED = "ended"


class Assistance(Item):
    """The start or the end of one benefit."""

    model_config = example(
        "SL-JZ-2025-000555",
        "2025-05-08",
        division="371721000000",
        kind="minimum_living",
        event="started",
        on="2025-05-01",
        amount_fen=52000,
    )

    kind: AssistanceKind
    """Which benefit (救助类型)."""
    event: AssistanceEvent
    """Whether it started or ended."""
    on: Day
    """The day it took effect."""
    amount_fen: Annotated[int, Field(strict=True, ge=0, le=10**12)] | None = None
    """Amount a month, or in all for temporary aid, in fen (分, 1/100 yuan)."""
    reason: Label | None = None
    """Reason as a code of the pushing system."""


FEED = Feed(
    name="assistance",
    model=Assistance,
    departments=(Department.CIVIL_AFFAIRS,),
    legal_basis=(
        "Interim Measures for Social Assistance (社会救助暂行办法, State Council Decree 649) and "
        "民发〔2019〕62号 on children in fact unsupported; Chongqing plan 二(二)3, Heze plan (九), "
        "Tianmen plan 三(三): orphans, extreme poverty, minimum living allowance, temporary aid"
    ),
    expected_every_days=31,
    title_zh="救助保障",
    title_en="Assistance and benefits",
)
