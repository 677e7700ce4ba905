"""How sure a link is; the model's word for it crosses the wire."""

from enum import StrEnum


class Grade(StrEnum):
    CERTAIN = "certain"
    POSSIBLE = "possible"
    RETRACTED = "retracted"
    ERASED = "erased"
