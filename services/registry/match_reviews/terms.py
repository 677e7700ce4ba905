"""The closed lists of reviews as they cross the wire, with their Chinese terms."""

from enum import StrEnum


class ReviewState(StrEnum):
    """Where a review stands: `open` 待核, `deferred` 暂缓, `proposed` 待第二人复核, `decided` 已判定待执行, `closed` 已了结."""

    OPEN = "open"
    DEFERRED = "deferred"
    PROPOSED = "proposed"
    DECIDED = "decided"
    CLOSED = "closed"


class WaitingReviews(StrEnum):
    """Which reviews a list shows: `open` 待核, what was put off until today included; `deferred` 暂缓; `proposed` 待第二人复核;
    `decided` 已判定待执行.
    """

    OPEN = "open"
    DEFERRED = "deferred"
    PROPOSED = "proposed"
    DECIDED = "decided"


class Assigned(StrEnum):
    """Whose reviews: `mine` 本人的, `nobody` 未分配的, `others` 他人的."""

    MINE = "mine"
    NOBODY = "nobody"
    OTHERS = "others"


class Order(StrEnum):
    """Which come first: `oldest` 最早的, `heaviest` 权重最高的."""

    OLDEST = "oldest"
    HEAVIEST = "heaviest"


class Agreement(StrEnum):
    """How the two children compare in one field: `same` 一致, `different` 不一致, `one_only` 仅一方有."""

    SAME = "same"
    DIFFERENT = "different"
    ONE_ONLY = "one_only"


class Verdict(StrEnum):
    """What a person makes of a review (判定): `same` 同一人, `different` 非同一人, `unsure` 暂不能定."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"
