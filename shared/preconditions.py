"""``ETag`` and ``If-Match``: an act goes ahead only on what its caller has seen."""

from typing import Annotated

from fastapi import Header

from shared.problems import PreconditionFailed, PreconditionRequired

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The ETag that you read, under the same purpose; an act on anything newer is refused.",
        max_length=64,
        pattern=r"^[\x21-\x7e]+$",
    ),
]


def etag(version: int) -> str:
    return f'"{version}"'


def given(if_match: str | None) -> str:
    """The header; PreconditionRequired (428) without it."""
    if if_match is None:
        raise PreconditionRequired
    return if_match


def check(if_match: str | None, current: str) -> None:
    """PreconditionFailed (412) when the header names another ETag than the current one."""
    if if_match is not None and if_match != current:
        raise PreconditionFailed
