"""How sure a link is; the model's word for it crosses the wire."""

from enum import StrEnum


class Grade(StrEnum):
    """How sure a link is (关联等级): `certain` 确定, `possible` 待定, `retracted` 已撤回, `erased` 已删除."""

    CERTAIN = "certain"
    POSSIBLE = "possible"
    RETRACTED = "retracted"
    ERASED = "erased"
