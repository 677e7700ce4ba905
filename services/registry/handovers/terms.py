"""The closed lists of handovers as they cross the wire, with their Chinese terms."""

from collections.abc import Mapping
from enum import StrEnum


class HandoverState(StrEnum):
    """Where a handover stands (移交状态).

    `due` 待移交: the child lives elsewhere, and nobody has proposed anything; `proposed` 待接收, `accepted` 已接收待生效,
    `passed` 已生效, `rejected` 不予接收, `revoked` 已撤回, `lapsed` 已失效: another handover went before it,
    or the two counties became one.
    """

    DUE = "due"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    PASSED = "passed"
    REJECTED = "rejected"
    REVOKED = "revoked"
    LAPSED = "lapsed"


class HandoverActKind(StrEnum):
    """What was done (移交动作): `propose` 提出移交, `accept` 接收, `reject` 不予接收, `revoke` 撤回."""

    PROPOSE = "propose"
    ACCEPT = "accept"
    REJECT = "reject"
    REVOKE = "revoke"


class HandoverSide(StrEnum):
    """A county's part in a handover: `giving` 移交地, `taking` 接收地."""

    GIVING = "giving"
    TAKING = "taking"

    @property
    def other(self) -> "HandoverSide":
        return HandoverSide.TAKING if self is HandoverSide.GIVING else HandoverSide.GIVING


class HandoverReason(StrEnum):
    """Why (事由).

    Of a proposal: `moved` 迁出, `returned` 返乡或返回原居住地, `recorded_wrongly` 首报地有误.
    Of a rejection: `does_not_live_here` 儿童不在本地居住, `file_incomplete` 档案不全.  Of a revocation: `came_back` 儿童已返回,
    `proposed_wrongly` 提出有误.  Of any: `other` 其他（须说明）.
    """

    MOVED = "moved"
    RETURNED = "returned"
    RECORDED_WRONGLY = "recorded_wrongly"
    DOES_NOT_LIVE_HERE = "does_not_live_here"
    FILE_INCOMPLETE = "file_incomplete"
    CAME_BACK = "came_back"
    PROPOSED_WRONGLY = "proposed_wrongly"
    OTHER = "other"


#: Nothing has ended it, and it has not passed.
OPEN = (HandoverState.DUE, HandoverState.PROPOSED, HandoverState.ACCEPTED)
REASONS: Mapping[HandoverActKind, tuple[HandoverReason, ...]] = {
    HandoverActKind.PROPOSE: (
        HandoverReason.MOVED,
        HandoverReason.RETURNED,
        HandoverReason.RECORDED_WRONGLY,
        HandoverReason.OTHER,
    ),
    HandoverActKind.ACCEPT: (),
    HandoverActKind.REJECT: (
        HandoverReason.DOES_NOT_LIVE_HERE,
        HandoverReason.FILE_INCOMPLETE,
        HandoverReason.OTHER,
    ),
    HandoverActKind.REVOKE: (
        HandoverReason.CAME_BACK,
        HandoverReason.PROPOSED_WRONGLY,
        HandoverReason.OTHER,
    ),
}
