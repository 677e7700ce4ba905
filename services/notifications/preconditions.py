"""``ETag`` and ``If-Match`` over a row's version."""

from typing import Annotated

from fastapi import Header

from shared.problems import PreconditionFailed, PreconditionRequired

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The ETag that you read; an act on anything newer is refused.",
        max_length=64,
        pattern=r"^[\x21-\x7e]+$",
    ),
]


def etag(version: int) -> str:
    return f'"{version}"'


def check(if_match: str | None, version: int, *, required: bool = True) -> None:
    """PreconditionRequired (428) without a header, PreconditionFailed (412) with another version's."""
    if if_match is None:
        if required:
            raise PreconditionRequired
        return
    if if_match != etag(version):
        raise PreconditionFailed
