"""The closed lists of assessments and placements as they cross the wire, with their Chinese terms."""

from enum import StrEnum


class AssessmentKind(StrEnum):
    """What was assessed (评估类型): `capacity_assessment` 家庭监护能力评估, `risk_assessment` 风险评估."""

    CAPACITY = "capacity_assessment"
    RISK = "risk_assessment"


class AssessmentFinding(StrEnum):
    """What an assessment found (评估结果).

    Of the capacity: `able` 有监护能力, `weak` 监护能力弱, `none` 无监护能力.  Of the risk: `high` 高监护风险, `not_high` 非高风险:
    the texts name the high one alone, and no scale.
    """

    ABLE = "able"
    WEAK = "weak"
    NONE = "none"
    HIGH = "high"
    NOT_HIGH = "not_high"


class PlacementKind(StrEnum):
    """What is done for a child's guardianship (监护措施).

    `support` 家庭监护指导支持, `temporary_care` 临时监护, `long_term_care` 长期监护, `daily_care` 日常照料.
    """

    SUPPORT = "support"
    TEMPORARY_CARE = "temporary_care"
    LONG_TERM_CARE = "long_term_care"
    DAILY_CARE = "daily_care"


class Basis(StrEnum):
    """On what a placement rests (办理依据).

    `guardian_consent` 经监护人同意, `statutory_ground` 法定情形, where a guardian may not veto it, `neither` 均无.
    """

    GUARDIAN_CONSENT = "guardian_consent"
    STATUTORY_GROUND = "statutory_ground"
    NEITHER = "neither"


class PlacementActKind(StrEnum):
    """What followed (后续动作): `review` 定期评估, `withdraw_consent` 监护人撤回同意, `end` 终止.

    Nothing ends by itself: a withdrawn consent is for a person to act on.
    """

    REVIEW = "review"
    WITHDRAW_CONSENT = "withdraw_consent"
    END = "end"


class ReviewDue(StrEnum):
    """Whether it is to be looked at again (复核).

    `no` 无需, `within_limit` 未到期, `overdue` 已逾期, `no_interval_configured` 未配置周期，须督办.
    """

    NO = "no"
    WITHIN_LIMIT = "within_limit"
    OVERDUE = "overdue"
    NO_INTERVAL_CONFIGURED = "no_interval_configured"


FINDINGS = {
    AssessmentKind.CAPACITY: (
        AssessmentFinding.ABLE,
        AssessmentFinding.WEAK,
        AssessmentFinding.NONE,
    ),
    AssessmentKind.RISK: (AssessmentFinding.HIGH, AssessmentFinding.NOT_HIGH),
}
#: Placements, as the texts on consent mean them (监护照料): advice to a family is none.
CARE = (PlacementKind.TEMPORARY_CARE, PlacementKind.LONG_TERM_CARE, PlacementKind.DAILY_CARE)
