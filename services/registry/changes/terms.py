"""What a change is to whoever is told of it."""

from enum import StrEnum


class ChangeKind(StrEnum):
    """What happened to a child, seen from one area (变更类型): `entered` 进入, `left` 离开, `changed` 信息变更."""

    ENTERED = "entered"
    LEFT = "left"
    CHANGED = "changed"
