"""The closed lists of rulings as they cross the wire, with their Chinese terms."""

from collections.abc import Mapping
from enum import StrEnum


class RulingKind(StrEnum):
    """What a person decides (判定): `same` 同一人, `different` 非同一人, `unsure` 暂不能定, `part` 拆分, `move` 改挂,
    `withdraw` 撤回判定.
    """

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"
    PART = "part"
    MOVE = "move"
    WITHDRAW = "withdraw"


class RulingState(StrEnum):
    """Where a ruling stands: `proposed` 待第二人复核, `pending` 待执行, `standing` 生效, `noted` 已记录,
    `refused` 复核未通过, `returned` 未能执行, `lapsed` 情况已变, `withdrawn` 已撤回.

    Only a standing one binds.
    """

    PROPOSED = "proposed"
    PENDING = "pending"
    STANDING = "standing"
    NOTED = "noted"
    REFUSED = "refused"
    RETURNED = "returned"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class RulingGround(StrEnum):
    """Why a person decided so (理由); `other` needs a note.

    `same_papers` 证件一致, `same_family` 家庭信息一致, `source_corrected` 报送单位已更正, `verified` 核实属实, `visited` 走访核实,
    `twins` 双胞胎或多胞胎, `siblings` 兄弟姐妹, `namesakes` 同名, `wrong_number` 号码录入错误, `evidence_lacking` 依据不足,
    `wrongly_joined` 误合并, `wrongly_parted` 误拆分, `record_of_another` 记录归属有误, `mistaken` 判定有误, `agreed` 复核同意,
    `not_convinced` 复核不同意, `other` 其他.
    """

    SAME_PAPERS = "same_papers"
    SAME_FAMILY = "same_family"
    SOURCE_CORRECTED = "source_corrected"
    VERIFIED = "verified"
    VISITED = "visited"
    TWINS = "twins"
    SIBLINGS = "siblings"
    NAMESAKES = "namesakes"
    WRONG_NUMBER = "wrong_number"
    EVIDENCE_LACKING = "evidence_lacking"
    WRONGLY_JOINED = "wrongly_joined"
    WRONGLY_PARTED = "wrongly_parted"
    RECORD_OF_ANOTHER = "record_of_another"
    MISTAKEN = "mistaken"
    AGREED = "agreed"
    NOT_CONVINCED = "not_convinced"
    OTHER = "other"


class Second(StrEnum):
    """What the second person says (复核): `agree` 同意, `refuse` 不同意."""

    AGREE = "agree"
    REFUSE = "refuse"


_CHECKED = {
    RulingGround.SOURCE_CORRECTED,
    RulingGround.VERIFIED,
    RulingGround.VISITED,
    RulingGround.OTHER,
}
#: Which grounds fit what is decided.
GROUNDS: Mapping[RulingKind | Second, frozenset[RulingGround]] = {
    RulingKind.SAME: frozenset(
        _CHECKED | {RulingGround.SAME_PAPERS, RulingGround.SAME_FAMILY, RulingGround.WRONG_NUMBER}
    ),
    RulingKind.DIFFERENT: frozenset(
        _CHECKED
        | {
            RulingGround.TWINS,
            RulingGround.SIBLINGS,
            RulingGround.NAMESAKES,
            RulingGround.WRONG_NUMBER,
        }
    ),
    RulingKind.UNSURE: frozenset({RulingGround.EVIDENCE_LACKING, RulingGround.OTHER}),
    RulingKind.PART: frozenset(
        _CHECKED
        | {
            RulingGround.WRONGLY_JOINED,
            RulingGround.TWINS,
            RulingGround.SIBLINGS,
            RulingGround.NAMESAKES,
            RulingGround.WRONG_NUMBER,
        }
    ),
    RulingKind.MOVE: frozenset(
        _CHECKED | {RulingGround.RECORD_OF_ANOTHER, RulingGround.WRONG_NUMBER}
    ),
    RulingKind.WITHDRAW: frozenset(
        _CHECKED | {RulingGround.MISTAKEN, RulingGround.WRONGLY_JOINED, RulingGround.WRONGLY_PARTED}
    ),
    Second.AGREE: frozenset(
        {RulingGround.AGREED, RulingGround.VERIFIED, RulingGround.VISITED, RulingGround.OTHER}
    ),
    Second.REFUSE: frozenset(
        {
            RulingGround.NOT_CONVINCED,
            RulingGround.EVIDENCE_LACKING,
            RulingGround.MISTAKEN,
            RulingGround.OTHER,
        }
    ),
}


class RulingProblem(StrEnum):
    """Why a ruling has no effect (未生效的原因): `contradicted` 与另一项判定矛盾, `evidence_gone` 所依据的记录已撤回或删除,
    `unusable` 比对服务拒绝, `refused` 第二人不同意, `evidence_changed` 依据已变, `unproven` 判定记录无法核验.
    """

    CONTRADICTED = "contradicted"
    EVIDENCE_GONE = "evidence_gone"
    UNUSABLE = "unusable"
    REFUSED = "refused"
    EVIDENCE_CHANGED = "evidence_changed"
    UNPROVEN = "unproven"
