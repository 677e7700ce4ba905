"""The ledger as an Excel workbook, written row by row in constant memory.

While it is made its parts are plain files in a directory of mode 0700 under the system's temporary one, gone before the
first byte leaves; a deployment mounts that in memory.  Every cell is text, so no value can be a formula.
"""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from fastapi import Request

from services.registry.children.kit import Kit
from services.registry.key_care import ledger, reading, showing
from services.registry.key_care.queries import START, Position, Question
from services.registry.key_care.terms import CURRENT
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.limits import MAX_PAGE, MAX_WORKBOOK_ROWS
from shared.problems import Forbidden, TooLarge

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHUNK_BYTES = 64 * 1024
_MAX_CELL = 32_767
_WIDTHS = (6, 12, 6, 6, 22, 36, 36, 32, 24, 16, 16, 20, 36, 20, 28)
#: Characters that XML cannot hold; control characters are escaped by the writer.
_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


class Writer:
    """One workbook under construction."""

    def __init__(self, path: Path, made_at: datetime) -> None:
        self._book = xlsxwriter.Workbook(
            str(path),
            {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_urls": False},
        )
        self._book.set_properties({"title": ledger.TITLE, "created": made_at.replace(tzinfo=None)})
        self._sheet = self._book.add_worksheet(ledger.TITLE)
        self._sheet.freeze_panes(1, 2)
        for column, width in enumerate(_WIDTHS):
            self._sheet.set_column(column, column, width)
        self._format = self._book.add_format(
            {"text_wrap": True, "valign": "top", "num_format": "@"}
        )
        self.rows = 0
        self._add(ledger.COLUMNS, self._book.add_format({"bold": True, "text_wrap": True}))

    def add(self, cells: Sequence[str]) -> None:
        """A row under the header; its running number (序号) is put before it."""
        self._add((str(self.rows), *cells), self._format)

    def _add(self, cells: Sequence[str], form: Any) -> None:
        for column, text in enumerate(cells):
            self._sheet.write_string(self.rows, column, safe(text), form)
        self.rows += 1

    def close(self) -> None:
        self._book.close()


def safe(text: str) -> str:
    """A text that a cell can hold as text.

    XlsxWriter takes what begins with ``<r>`` for ready-made XML: from a department's record that would be an injection.
    """
    text = _NOT_XML.sub("", text)[:_MAX_CELL]
    return " " + text[: _MAX_CELL - 1] if text.startswith("<r>") else text


async def build(request: Request, caller: Caller, question: Question) -> AsyncIterator[bytes]:
    """The workbook's bytes, once it is whole and every page of it is audited.

    Without a state it holds what is current.  Forbidden when the grant ends meanwhile; TooLarge above ``MAX_WORKBOOK_ROWS``.
    """
    if question.states is None:
        question = replace(question, states=CURRENT)
    with _directory() as directory:
        path = directory / "ledger.xlsx"
        writer = Writer(path, request.app.state.clock.now().astimezone(UTC))
        try:
            await _fill(writer, request, caller, question)
        finally:
            await asyncio.to_thread(writer.close)
        whole = path.open("rb")
    return chunks(whole)


async def _fill(writer: Writer, request: Request, caller: Caller, question: Question) -> None:
    kit: Kit = request.app.state.kit
    then = question.known_at or request.app.state.clock.now()
    day = then.astimezone(SHANGHAI).date()
    after: Position | None = START
    reader: Caller | None = caller
    while after is not None:
        if reader is None:
            raise Forbidden("The grant ended while the workbook was made.")
        page = await reading.page(
            request, reader, question, after, MAX_PAGE, "key_care.export", whole=True
        )
        if writer.rows + len(page.rows) > MAX_WORKBOOK_ROWS:
            raise TooLarge(
                f"A workbook holds at most {MAX_WORKBOOK_ROWS} children: narrow it, or stream."
            )
        groups = showing.sight(reader)
        for row in page.rows:
            child = showing.child_of(kit, row, groups)
            writer.add(ledger.cells(child, row["categories"], row["states"], row["shielded"], day))
        after = page.next
        if after is not None:
            reader = await reading.granted_still(request, reader)


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hutong-ledger-") as name:
        yield Path(name)


async def chunks(whole: BinaryIO) -> AsyncIterator[bytes]:
    """A finished workbook, whose file has no name any more, piece by piece."""
    with whole:
        while chunk := await asyncio.to_thread(whole.read, _CHUNK_BYTES):
            yield chunk
