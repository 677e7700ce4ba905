"""The closed lists of key care (重点关爱) as they cross the wire, with their Chinese terms."""

from enum import StrEnum


class Category(StrEnum):
    """Why a child needs key care (重点关爱服务对象困境类型).

    `family_hardship` 家庭生活困难, `disability` 自身残疾, `missing_guardianship` 监护缺失, `vagrancy` 流浪,
    `psychological_behavioural` 心理和行为异常, `self_request` 主动提出救助帮扶需求（跨乡镇）, `out_of_school` 失学辍学,
    `insurance_status` 参保情况异常.
    """

    FAMILY_HARDSHIP = "family_hardship"
    DISABILITY = "disability"
    MISSING_GUARDIANSHIP = "missing_guardianship"
    VAGRANCY = "vagrancy"
    PSYCHOLOGICAL_BEHAVIOURAL = "psychological_behavioural"
    SELF_REQUEST = "self_request"
    OUT_OF_SCHOOL = "out_of_school"
    INSURANCE_STATUS = "insurance_status"


CATEGORY_TITLES: dict[str, str] = {
    Category.FAMILY_HARDSHIP: "家庭生活困难",
    Category.DISABILITY: "自身残疾",
    Category.MISSING_GUARDIANSHIP: "监护缺失",
    Category.VAGRANCY: "流浪",
    Category.PSYCHOLOGICAL_BEHAVIOURAL: "心理和行为异常",
    Category.SELF_REQUEST: "跨乡镇（街道）主动提出救助帮扶需求",
    Category.OUT_OF_SCHOOL: "失学辍学",
    Category.INSURANCE_STATUS: "参保情况异常",
}


class CareState(StrEnum):
    """Where an entry stands: `proposed` 待确认, `confirmed` 已确认, `refused` 不予认定, `closed` 已结案, `under_review` 待复核."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    CLOSED = "closed"
    UNDER_REVIEW = "under_review"


#: What stands in the ledger (台账) unless a state is asked for: refused and closed entries have left it.
CURRENT = (CareState.PROPOSED, CareState.CONFIRMED, CareState.UNDER_REVIEW)


class Place(StrEnum):
    """Whether the list goes by where the child lives or is registered: `residence` 居住地, `hukou` 户籍地."""

    RESIDENCE = "residence"
    HUKOU = "hukou"


class DecisionKind(StrEnum):
    """What a person decides (决定): `confirm` 确认, `refuse` 不予认定, `close` 结案, `open` 重新开启或人工开启.

    ``open`` opens a refused or closed entry again.
    """

    CONFIRM = "confirm"
    REFUSE = "refuse"
    CLOSE = "close"
    OPEN = "open"


class KeyCareReason(StrEnum):
    """Why a person decided so (理由); ``other`` needs a note.

    `verified` 核实属实, `not_verified` 核实不属实, `found_by_visit` 走访发现, `reported` 报告、举报, `family_request` 家庭主动提出,
    `relieved` 困境解除, `moved_away` 已迁出并移交, `of_age` 已成年, `deceased` 死亡, `wrong_child` 对象有误, `duplicate` 重复登记,
    `carried_over` 拆分后沿用待核 (nobody gives it: a child that was parted from another may be the one it was about),
    `other` 其他.
    """

    VERIFIED = "verified"
    """核实属实"""
    NOT_VERIFIED = "not_verified"
    """核实不属实"""
    FOUND_BY_VISIT = "found_by_visit"
    """走访发现"""
    REPORTED = "reported"
    """报告、举报"""
    FAMILY_REQUEST = "family_request"
    """家庭主动提出"""
    RELIEVED = "relieved"
    """困境解除"""
    MOVED_AWAY = "moved_away"
    """已迁出并移交"""
    OF_AGE = "of_age"
    """已成年"""
    DECEASED = "deceased"
    """死亡"""
    WRONG_CHILD = "wrong_child"
    """对象有误"""
    DUPLICATE = "duplicate"
    """重复登记"""
    CARRIED_OVER = "carried_over"
    """拆分后沿用待核"""
    OTHER = "other"


REASONS: dict[str, frozenset[KeyCareReason]] = {
    DecisionKind.OPEN: frozenset(
        {
            KeyCareReason.FOUND_BY_VISIT,
            KeyCareReason.REPORTED,
            KeyCareReason.FAMILY_REQUEST,
            KeyCareReason.OTHER,
        }
    ),
    DecisionKind.CONFIRM: frozenset(
        {KeyCareReason.VERIFIED, KeyCareReason.FOUND_BY_VISIT, KeyCareReason.OTHER}
    ),
    DecisionKind.REFUSE: frozenset(
        {
            KeyCareReason.NOT_VERIFIED,
            KeyCareReason.WRONG_CHILD,
            KeyCareReason.DUPLICATE,
            KeyCareReason.OTHER,
        }
    ),
    DecisionKind.CLOSE: frozenset(
        {
            KeyCareReason.RELIEVED,
            KeyCareReason.MOVED_AWAY,
            KeyCareReason.OF_AGE,
            KeyCareReason.DECEASED,
            KeyCareReason.NOT_VERIFIED,
            KeyCareReason.WRONG_CHILD,
            KeyCareReason.OTHER,
        }
    ),
}


class ShieldReason(StrEnum):
    """Why a child's address is hidden from everyone (地址保密); ``other`` needs a note.

    `domestic_violence` 家庭暴力, `trafficking_risk` 拐卖风险, `court_order` 人身安全保护令, `other` 其他.
    """

    DOMESTIC_VIOLENCE = "domestic_violence"
    """家庭暴力"""
    TRAFFICKING_RISK = "trafficking_risk"
    """拐卖风险"""
    COURT_ORDER = "court_order"
    """人身安全保护令"""
    OTHER = "other"


class UnshieldReason(StrEnum):
    """Why a child's address may be shown again: `danger_past` 危险解除, `mistaken` 登记有误, `other` 其他.

    ``other`` needs a note.
    """

    DANGER_PAST = "danger_past"
    """危险解除"""
    MISTAKEN = "mistaken"
    """登记有误"""
    OTHER = "other"
