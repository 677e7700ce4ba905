"""How sure a link is, as it crosses the wire."""

from enum import StrEnum


class Grade(StrEnum):
    """How sure a link is (关联等级): `certain` 确定; `possible` 待定: a review of it waits."""

    CERTAIN = "certain"
    POSSIBLE = "possible"
