"""The closed lists of left-behind children (留守儿童) as they cross the wire, with their Chinese terms."""

from collections.abc import Mapping
from enum import StrEnum


class LeftBehindState(StrEnum):
    """Whether a child is left behind (留守认定状态).

    `proposed` 待评估认定, `confirmed` 已认定留守, `refused` 不予认定, `ended` 已终止, `under_review` 待复核.
    """

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    ENDED = "ended"
    UNDER_REVIEW = "under_review"


class LeftBehindDecision(StrEnum):
    """What a person decides (留守认定): `confirm` 认定, `refuse` 不予认定, `end` 终止."""

    CONFIRM = "confirm"
    REFUSE = "refuse"
    END = "end"


class LeftBehindReason(StrEnum):
    """Why a person decided so (理由); ``other`` needs a note.

    `assessed` 经评估, `found_by_visit` 走访发现, `with_parents` 与父母共同生活, `parents_returned` 父母返乡,
    `joined_parents` 随父母外出, `of_age` 已满规定年龄, `not_so` 情况不属实, `other` 其他.
    """

    ASSESSED = "assessed"
    FOUND_BY_VISIT = "found_by_visit"
    WITH_PARENTS = "with_parents"
    PARENTS_RETURNED = "parents_returned"
    JOINED_PARENTS = "joined_parents"
    OF_AGE = "of_age"
    NOT_SO = "not_so"
    OTHER = "other"


class LeftBehindReview(StrEnum):
    """Why somebody is to look again (复核事由); nothing ends by itself.

    `moved` 已离开户籍地, `parents_here` 已与父母共同生活, `of_age` 已满规定年龄, `evidence_gone` 依据已撤回.
    """

    MOVED = "moved"
    PARENTS_HERE = "parents_here"
    OF_AGE = "of_age"
    EVIDENCE_GONE = "evidence_gone"


REASONS: Mapping[LeftBehindDecision, frozenset[LeftBehindReason]] = {
    LeftBehindDecision.CONFIRM: frozenset(
        {LeftBehindReason.ASSESSED, LeftBehindReason.FOUND_BY_VISIT, LeftBehindReason.OTHER}
    ),
    LeftBehindDecision.REFUSE: frozenset(
        {
            LeftBehindReason.ASSESSED,
            LeftBehindReason.WITH_PARENTS,
            LeftBehindReason.NOT_SO,
            LeftBehindReason.OTHER,
        }
    ),
    LeftBehindDecision.END: frozenset(
        {
            LeftBehindReason.PARENTS_RETURNED,
            LeftBehindReason.JOINED_PARENTS,
            LeftBehindReason.OF_AGE,
            LeftBehindReason.NOT_SO,
            LeftBehindReason.OTHER,
        }
    ),
}
#: What may be decided in each state; "none" where neither evidence nor a person has spoken.
ALLOWED: Mapping[str, frozenset[LeftBehindDecision]] = {
    "none": frozenset({LeftBehindDecision.CONFIRM}),
    LeftBehindState.PROPOSED: frozenset({LeftBehindDecision.CONFIRM, LeftBehindDecision.REFUSE}),
    LeftBehindState.CONFIRMED: frozenset({LeftBehindDecision.END}),
    LeftBehindState.UNDER_REVIEW: frozenset({LeftBehindDecision.CONFIRM, LeftBehindDecision.END}),
    LeftBehindState.REFUSED: frozenset({LeftBehindDecision.CONFIRM}),
    LeftBehindState.ENDED: frozenset({LeftBehindDecision.CONFIRM}),
}
#: Among the decisions on a child, those on its being left behind.
DECIDED_AS: Mapping[LeftBehindDecision, str] = {
    one: f"{one}_left_behind" for one in LeftBehindDecision
}
KINDS: Mapping[str, LeftBehindDecision] = {kind: one for one, kind in DECIDED_AS.items()}
