"""Uploading: a workbook as a request's body, read in a thread of its own and never wholly trusted (``sheets.py``)."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from fastapi import Request
from starlette.requests import ClientDisconnect

from services.registry.imports.receiving import steadily
from services.registry.imports.sheets import MEDIA_TYPE, Cell, rows_of
from shared.limits import MAX_SHEET_BYTES
from shared.problems import Malformed, TooLarge

#: One workbook at a time in a process: each takes a core and much memory while it is unpacked.
_READER = ThreadPoolExecutor(1, "workbook")
BINARY: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
#: A workbook as the body of a request, in the API's own document.
ASKED: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {MEDIA_TYPE: {**BINARY, "example": "PK…"}}}
}
NAMED: Final[dict[str, Any]] = {
    "Content-Disposition": {"$ref": "#/components/headers/Content-Disposition"}
}


async def rows_uploaded(request: Request) -> list[list[Cell]]:
    """The rows of the uploaded workbook's first sheet; Malformed, Unreadable or TooLarge."""
    body = await _whole(request)
    return await asyncio.get_running_loop().run_in_executor(_READER, rows_of, body)


async def _whole(request: Request) -> bytes:
    """The body, never more of it in memory than a workbook may have."""
    body = bytearray()
    try:
        async for piece in steadily(request.stream()):
            body += piece
            if len(body) > MAX_SHEET_BYTES:
                raise TooLarge(f"A workbook has at most {MAX_SHEET_BYTES // 1024**2} MiB.")
    except (ClientDisconnect, TimeoutError) as error:
        raise Malformed("The upload broke off; send it again.") from error
    return bytes(body)
