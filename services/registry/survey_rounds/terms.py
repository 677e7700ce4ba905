"""The closed lists of survey rounds as they cross the wire, with their Chinese terms."""

from enum import StrEnum


class RoundState(StrEnum):
    """Where a round stands, by its days alone.

    `planned` 未开始, `open` 进行中, `closed` 已结束, `withdrawn` 已撤销: opened by mistake.
    """

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Reached(StrEnum):
    """How far the round came with one child.

    `complete` 已完成, `incomplete` 内容不全: a block that the place requires was not asked; `blocks_not_configured`
    已摸排、必填内容未设定; `not_surveyed` 未摸排.
    """

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    BLOCKS_NOT_CONFIGURED = "blocks_not_configured"
    NOT_SURVEYED = "not_surveyed"
