"""The closed lists of compartments as they cross the wire, with their Chinese terms, and what each kind is like."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.vocabulary import Scope


class Compartment(StrEnum):
    """Which compartment (分隔档案).

    `severe_mental_disorder` 严重精神障碍, `psychological_risk` 心理健康风险等级, `misconduct` 严重不良行为重点帮教信息台账,
    `school_warning` 三级预警管理档案, `growth_file` “一生一策”心理成长档案, `psychological_archive` 心理健康档案,
    `hiv` 艾滋病病毒感染, `protectees` 重点关护对象.
    """

    SEVERE_MENTAL_DISORDER = "severe_mental_disorder"
    PSYCHOLOGICAL_RISK = "psychological_risk"
    MISCONDUCT = "misconduct"
    SCHOOL_WARNING = "school_warning"
    GROWTH_FILE = "growth_file"
    PSYCHOLOGICAL_ARCHIVE = "psychological_archive"
    HIV = "hiv"
    PROTECTEES = "protectees"


class CompartmentEntryAct(StrEnum):
    """What is done to an entry (办理动作).

    `set_level` 定级, `propose_lowering` 提请降级, `lower` 同意降级, `refuse_lowering` 不予降级, `follow_up` 跟踪服务,
    `hand_over` 移交, `close` 退出, `reopen` 重新纳入.
    """

    SET_LEVEL = "set_level"
    PROPOSE_LOWERING = "propose_lowering"
    LOWER = "lower"
    REFUSE_LOWERING = "refuse_lowering"
    FOLLOW_UP = "follow_up"
    HAND_OVER = "hand_over"
    CLOSE = "close"
    REOPEN = "reopen"


class CompartmentEntryState(StrEnum):
    """Whether the child is in the compartment (状态): `open` 在册, `closed` 已退出."""

    OPEN = "open"
    CLOSED = "closed"


class CompartmentEntryReason(StrEnum):
    """Why a person does so (理由); ``other`` needs a note.

    `assessed` 评估结果, `screened` 心理健康测评结果, `diagnosed` 明确诊断, `found` 走访、工作中发现, `reported` 单位或群众反映,
    `worsened` 情况加重, `improved` 情况好转, `evidence_verified` 佐证属实, `evidence_lacking` 佐证不足, `followed_up` 按要求跟踪,
    `listed` 按名单移交, `moved_away` 已迁出, `entered_in_error` 录入有误, `other` 其他.
    """

    ASSESSED = "assessed"
    SCREENED = "screened"
    DIAGNOSED = "diagnosed"
    FOUND = "found"
    REPORTED = "reported"
    WORSENED = "worsened"
    IMPROVED = "improved"
    EVIDENCE_VERIFIED = "evidence_verified"
    EVIDENCE_LACKING = "evidence_lacking"
    FOLLOWED_UP = "followed_up"
    LISTED = "listed"
    MOVED_AWAY = "moved_away"
    ENTERED_IN_ERROR = "entered_in_error"
    OTHER = "other"


class UrgencyState(StrEnum):
    """Whether an urgent entry was to be followed up by now (紧急任务时限).

    `within_limit` 未到期, `overdue` 已逾期，升级督办, `no_limit_configured` 未配置时限，由县级督办.
    """

    WITHIN_LIMIT = "within_limit"
    OVERDUE = "overdue"
    NO_LIMIT_CONFIGURED = "no_limit_configured"


@dataclass(frozen=True, slots=True)
class Form:
    """What a kind of compartment is like, wherever a place has one.

    ``lowering_takes_two``: and so does leaving it at any but the lowest level.  ``words_kept`` is False where the content
    stays at the school.  ``one_by_one``: it is never listed; one asks about one child.
    """

    scope: Scope
    levels: bool = False
    lowering_takes_two: bool = False
    words_kept: bool = True
    one_by_one: bool = False
    handed_over: bool = False

    def acts(self) -> frozenset[CompartmentEntryAct]:
        always = {
            CompartmentEntryAct.FOLLOW_UP,
            CompartmentEntryAct.CLOSE,
            CompartmentEntryAct.REOPEN,
        }
        levelled = {CompartmentEntryAct.SET_LEVEL} if self.levels else set()
        lowered = {
            CompartmentEntryAct.PROPOSE_LOWERING,
            CompartmentEntryAct.LOWER,
            CompartmentEntryAct.REFUSE_LOWERING,
        }
        handed = {CompartmentEntryAct.HAND_OVER} if self.handed_over else set()
        return frozenset(
            always | levelled | handed | (lowered if self.lowering_takes_two else set())
        )


FORMS: Mapping[Compartment, Form] = {
    Compartment.PSYCHOLOGICAL_RISK: Form(
        Scope.PSYCHOLOGICAL_RISK, levels=True, lowering_takes_two=True
    ),
    Compartment.MISCONDUCT: Form(Scope.MISCONDUCT),
    Compartment.SCHOOL_WARNING: Form(Scope.SCHOOL_WARNING, levels=True, words_kept=False),
    Compartment.GROWTH_FILE: Form(Scope.GROWTH_FILE, words_kept=False),
    Compartment.PSYCHOLOGICAL_ARCHIVE: Form(Scope.PSYCHOLOGICAL_ARCHIVE, words_kept=False),
    Compartment.HIV: Form(Scope.HIV, one_by_one=True),
    Compartment.SEVERE_MENTAL_DISORDER: Form(Scope.SEVERE_MENTAL_DISORDER, one_by_one=True),
    Compartment.PROTECTEES: Form(Scope.PROTECTEES, handed_over=True),
}
