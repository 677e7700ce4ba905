"""A roster as a workbook (名单工作簿), to be carried by hand: Chinese titles, beneath them the API's names of the columns.

The two last columns wait for what comes back (``returning.py``).  Where the place's rules hold the layout of the national
system's import file, a second sheet is that file, to be uploaded there as it is.  The last sheet says what the roster is,
whose layout this is, and the digest by which its receipt is confirmed.  It is written as the key-care ledger is: in constant
memory, every cell a text, in a directory that is gone before the first byte leaves.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from fastapi import Request

from services.registry.key_care.workbook import chunks, safe
from services.registry.profiles.families.surveys import ImportColumn
from services.registry.rosters import reading
from services.registry.rosters.layout import Layout, import_columns, imported, layout_of
from services.registry.rosters.terms import RosterKind
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.limits import MAX_SHEET_ROWS
from shared.problems import Forbidden, TooLarge

#: Before the roster's own columns, and after them: wire name → Chinese title.
BEFORE: Final[Mapping[str, str]] = {"row": "回执编号", "number": "序号", "version": "版本"}
AFTER: Final[Mapping[str, str]] = {"verdict": "回执结果", "reason": "原因代码"}
#: Words that people choose from, and what they mean on the wire.
VERDICTS: Final[Mapping[str, str]] = {
    "接收": "accepted",
    "不予接收": "refused",
    "信息不一致": "differs",
}
NARROW: Final = {"number": 6, "version": 6, "sex": 6, "verdict": 12, "reason": 20}
_HOW: Final = (
    "在“回执结果”中选择；退回的，可在“原因代码”中填写对方系统的代码（小写字母、数字、._-），勿填写文字说明。"
    "对方系统中的内容与本表不同的，可另加“系统中的”加原列名的列（如“系统中的儿童姓名”），由平台比对，不留存。"
)
_IMPORT: Final = "“导入”工作表的列名、顺序与用语由本地规则设定（national_system 的 layout），可另存后导入；名单工作表仍用于回执。"


class Writer:
    """One workbook under construction."""

    def __init__(
        self, path: Path, layout: Layout, columns: Sequence[ImportColumn], made_at: datetime
    ) -> None:
        self._book = xlsxwriter.Workbook(
            str(path),
            {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_urls": False},
        )
        self._book.set_properties({"title": layout.title, "created": made_at.replace(tzinfo=None)})
        self._layout = layout
        self._columns = {**BEFORE, **layout.columns, **AFTER}
        self._sheet = self._book.add_worksheet("名单")
        self._sheet.freeze_panes(2, 0)
        self._text = self._book.add_format({"num_format": "@", "valign": "top"})
        for place, name in enumerate(self._columns):
            self._sheet.set_column(place, place, NARROW.get(name, 20), self._text)
        self._choices = len(self._columns) - len(AFTER)
        self._next = 0
        self._imported = columns
        self._import = self._book.add_worksheet("导入") if columns else None
        bold = self._book.add_format({"bold": True, "num_format": "@"})
        self._add(list(self._columns.values()), bold)
        self._add(list(self._columns), self._book.add_format({"italic": True, "num_format": "@"}))
        if self._import is not None:
            self._import.set_column(0, len(columns) - 1, 20, self._text)
            _write(self._import, 0, [column.title for column in columns], self._text)

    @property
    def rows(self) -> int:
        return self._next - 2

    def add(self, lines: Sequence[Mapping[str, Any]]) -> None:
        for line in lines:
            if self._import is not None:
                said = [imported(self._layout, column, line) for column in self._imported]
                _write(self._import, self.rows + 1, said, self._text)
            cells = (self._layout.titled(name, str(line.get(name, ""))) for name in self._columns)
            self._add(list(cells), self._text)

    def _add(self, cells: Sequence[str], form: Any) -> None:
        _write(self._sheet, self._next, cells, form)
        self._next += 1

    def close(self, said: Sequence[tuple[str, str]]) -> None:
        """With what the second sheet says."""
        if self.rows:
            choice = {"validate": "list", "source": list(VERDICTS)}
            self._sheet.data_validation(2, self._choices, self._next - 1, self._choices, choice)
        about = self._book.add_worksheet("说明")
        about.set_column(0, 0, 16, self._text)
        about.set_column(1, 1, 90, self._text)
        for place, (title, text) in enumerate(said):
            about.write_string(place, 0, title, self._text)
            about.write_string(place, 1, safe(text), self._text)
        self._book.close()


def _write(sheet: Any, row: int, cells: Sequence[str], form: Any) -> None:
    for place, text in enumerate(cells):
        if text:
            sheet.write_string(row, place, safe(text), form)


async def build(request: Request, caller: Caller, roster: Any) -> AsyncIterator[bytes]:
    """The workbook's bytes, once it is whole and every page of it is audited and marked as taken.

    Forbidden when the grant ends meanwhile; TooLarge where its return could not be uploaded whole.
    """
    if roster["rows"] > MAX_SHEET_ROWS - 1:
        raise TooLarge(
            f"A roster's workbook holds at most {MAX_SHEET_ROWS - 1} children: make it of a smaller place, or stream."
        )
    layout = layout_of(RosterKind(roster["kind"]))
    now = request.app.state.clock.now()
    columns = import_columns(request.app.state.kit, roster, now.astimezone(SHANGHAI).date())
    with tempfile.TemporaryDirectory(prefix="hutong-roster-") as name:
        path = Path(name) / "roster.xlsx"
        writer = Writer(path, layout, columns, now.astimezone(UTC))
        end: Mapping[str, Any] = {}
        try:
            async for page in reading.pages(request, caller, roster):
                await asyncio.to_thread(writer.add, page.lines)
                end = page.end or end
        finally:
            await asyncio.to_thread(
                writer.close, _said(layout, roster, end, has_import=bool(columns))
            )
        if end.get("end") != "complete":
            raise Forbidden("The grant ended while the workbook was made.")
        whole = path.open("rb")
    return chunks(whole)


def _said(
    layout: Layout, roster: Any, end: Mapping[str, Any], *, has_import: bool
) -> list[tuple[str, str]]:
    said = [
        ("名单类型", layout.title),
        ("依据", roster["clause"]),
        ("人数", str(end.get("rows", ""))),
        ("摘要 SHA-256", str(end.get("sha256", ""))),
        ("列的由来", layout.note),
        ("回执填写", _HOW),
    ]
    return [*said, ("导入", _IMPORT)] if has_import else said
