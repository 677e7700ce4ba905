"""The closed lists of rosters as they cross the wire, with their Chinese terms."""

from enum import StrEnum

from services.registry.cases.terms import AnswerDue


class RosterKind(StrEnum):
    """For whom a roster is made (名单类型).

    `national_system` 录入全国儿童福利信息系统 (R10); `upward` 向上级报送 (R60); `feedback` 花名册反馈, to one department (R13).
    """

    NATIONAL_SYSTEM = "national_system"
    UPWARD = "upward"
    FEEDBACK = "feedback"


class RosterVerdict(StrEnum):
    """What came back about one child (回执结果): `accepted` 接收/属实, `refused` 不予接收/不属实, `differs` 信息不一致."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DIFFERS = "differs"


class SyncState(StrEnum):
    """How a child stands with the national system (同步状态).

    `withheld` 地址保密，不自动报送; `never_sent` 未录入; `unsynced` 已变更，待同步; `sent` 已报送，待回执; then as the return file
    says: `accepted` 已接收, `refused` 被退回, `differs` 信息不一致.
    """

    WITHHELD = "withheld"
    NEVER_SENT = "never_sent"
    UNSYNCED = "unsynced"
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DIFFERS = "differs"


class LineOutcome(StrEnum):
    """What became of one line of a return file (回执处理结果).

    `applied` 已登记, `unchanged` 重复, `not_sent` 尚未领取, `unknown` 无此行; of a workbook `unreadable` 无法识别.
    """

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


class Eligible(StrEnum):
    """Why a child stands on an upward roster (符合条件).

    `scattered_orphan` 社会散居孤儿, `de_facto_unsupported` 事实无人抚养儿童, `key_difficulty` 重点困境儿童.
    """

    SCATTERED_ORPHAN = "scattered_orphan"
    DE_FACTO_UNSUPPORTED = "de_facto_unsupported"
    KEY_DIFFICULTY = "key_difficulty"


#: States from which a child goes out (again).
OWED = (SyncState.NEVER_SENT, SyncState.UNSYNCED, SyncState.REFUSED, SyncState.DIFFERS)

__all__ = [
    "OWED",
    "AnswerDue",
    "Eligible",
    "LineOutcome",
    "RosterKind",
    "RosterVerdict",
    "SyncState",
]

#: In the history of a roster's row: it left the hub for the first time.
TAKEN = "taken"
