"""The closed lists of alerts as they cross the wire, with their Chinese terms."""

from enum import StrEnum


class AlertKind(StrEnum):
    """What it is about (预警类型).

    `costly_bill` 高额医疗费用, `not_enrolled` 适龄未入学, `dropped_out` 失学辍学, `vaccination_gap` 疫苗漏种,
    `insurance_gap` 未参保, `permit_expiring` 居住证即将到期, `silence` 长期无部门信息, `contradiction` 部门信息相互矛盾,
    `unaccompanied` 无父母或监护人随行, `status_unclear` 认定信息不全, `overdue_duty` 职责任务逾期,
    `ageing_out` 即将年满规定年龄, `sibling_in_care` 兄弟姐妹为重点关爱服务对象,
    `left_behind` 返乡或疑似留守，待评估认定, `screening_gap` 早期筛查漏筛.
    """

    COSTLY_BILL = "costly_bill"
    NOT_ENROLLED = "not_enrolled"
    DROPPED_OUT = "dropped_out"
    VACCINATION_GAP = "vaccination_gap"
    INSURANCE_GAP = "insurance_gap"
    PERMIT_EXPIRING = "permit_expiring"
    SILENCE = "silence"
    CONTRADICTION = "contradiction"
    UNACCOMPANIED = "unaccompanied"
    STATUS_UNCLEAR = "status_unclear"
    OVERDUE_DUTY = "overdue_duty"
    AGEING_OUT = "ageing_out"
    SIBLING_IN_CARE = "sibling_in_care"
    LEFT_BEHIND = "left_behind"
    SCREENING_GAP = "screening_gap"


class AlertState(StrEnum):
    """How far it has come (预警状态).

    `open` 待处理, `acknowledged` 已受理, `handled` 已办结 with an outcome, `dismissed` 已排除 with a reason,
    `closed_by_evidence` 已由数据消除: what a department reported since has closed it.
    """

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    HANDLED = "handled"
    DISMISSED = "dismissed"
    CLOSED_BY_EVIDENCE = "closed_by_evidence"


#: Somebody still has to do something about these.
WAITING = (AlertState.OPEN, AlertState.ACKNOWLEDGED)


class AlertActKind(StrEnum):
    """What a person did about it (处理动作): `acknowledge` 受理, `handle` 办结, `dismiss` 排除, `reopen` 重新打开."""

    ACKNOWLEDGE = "acknowledge"
    HANDLE = "handle"
    DISMISS = "dismiss"
    REOPEN = "reopen"


class AlertOutcome(StrEnum):
    """What came of it, or why it was dismissed (处理结果).

    Handled: `helped` 已帮扶, `key_care_opened` 已纳入重点关爱, `case_opened` 已立个案, `referred` 已转介,
    `enrolled` 已入学, `insured` 已参保, `vaccinated` 已补种, `screened` 已补筛, `corrected` 信息已更正, `advised` 已提醒家长.
    Dismissed: `not_so` 情况不属实, `known_elsewhere` 其他部门已处理, `family_declines` 家庭不接受, `moved_away` 已离开本地.
    Either: `other` 其他 (say which in the note).
    """

    HELPED = "helped"
    KEY_CARE_OPENED = "key_care_opened"
    CASE_OPENED = "case_opened"
    REFERRED = "referred"
    ENROLLED = "enrolled"
    INSURED = "insured"
    VACCINATED = "vaccinated"
    SCREENED = "screened"
    CORRECTED = "corrected"
    ADVISED = "advised"
    NOT_SO = "not_so"
    KNOWN_ELSEWHERE = "known_elsewhere"
    FAMILY_DECLINES = "family_declines"
    MOVED_AWAY = "moved_away"
    OTHER = "other"


_DISMISSING = {
    AlertOutcome.NOT_SO,
    AlertOutcome.KNOWN_ELSEWHERE,
    AlertOutcome.FAMILY_DECLINES,
    AlertOutcome.MOVED_AWAY,
    AlertOutcome.OTHER,
}
#: The outcomes that fit each act; acknowledging and reopening have none.
OUTCOMES: dict[AlertActKind, frozenset[AlertOutcome]] = {
    AlertActKind.ACKNOWLEDGE: frozenset(),
    AlertActKind.HANDLE: frozenset(AlertOutcome) - _DISMISSING | {AlertOutcome.OTHER},
    AlertActKind.DISMISS: frozenset(_DISMISSING),
    AlertActKind.REOPEN: frozenset(),
}
#: What may follow what.
ALLOWED: dict[AlertState, frozenset[AlertActKind]] = {
    AlertState.OPEN: frozenset(
        {AlertActKind.ACKNOWLEDGE, AlertActKind.HANDLE, AlertActKind.DISMISS}
    ),
    AlertState.ACKNOWLEDGED: frozenset({AlertActKind.HANDLE, AlertActKind.DISMISS}),
    AlertState.HANDLED: frozenset({AlertActKind.REOPEN}),
    AlertState.DISMISSED: frozenset({AlertActKind.REOPEN}),
    AlertState.CLOSED_BY_EVIDENCE: frozenset({AlertActKind.HANDLE, AlertActKind.DISMISS}),
}
