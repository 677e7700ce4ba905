"""Sheets: the rows of an uploaded workbook (xlsx), read without trusting any of it.

Cast: a *part* is a file inside the zip that a workbook is; a *cell* counts once it holds something.  Before the reader that
knows Excel sees a part, the part is unpacked to a bound that its own sizes cannot lie about, and walked by an XML parser that
refuses document types, cells far away (a sheet with two of them, a million rows apart, would be a billion cells) and long
texts (one shared text can stand in every cell); tags are short, since an unfinished one is looked through again with every
piece, and their number is bounded over all parts.  What was not walked (pictures, macros, printer settings) is not passed on.
"""

import io
import re
import zipfile
import zlib
from datetime import date, datetime
from xml.parsers import expat

import python_calamine as calamine

from shared.limits import (
    MAX_SHEET_CELL,
    MAX_SHEET_COLUMNS,
    MAX_SHEET_ROWS,
    MAX_SHEET_UNPACKED_BYTES,
)
from shared.problems import Malformed, Problem, TooLarge

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_PARTS = 200
#: Twice those of the largest sheet that is taken, each cell with a text of its own.
MOST_ELEMENTS = 2_000_000
MOST_TAG_BYTES = 64 * 1024
_PIECE = 64 * 1024
_WALKED = (".xml", ".rels")
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
#: Above this a number in a cell has lost its last digits.
EXACT = 10**15

Cell = str | float | bool


class Unreadable(Malformed):
    type = "workbook-unreadable"
    title = "This is no workbook (.xlsx) that can be read"
    title_zh = "无法读取该工作簿（.xlsx）"


def rows_of(body: bytes) -> list[list[Cell]]:
    """The rows of the first sheet, from its first row on, texts stripped and days as ISO dates; Unreadable, TooLarge."""
    safe = _checked(body)
    try:
        with calamine.CalamineWorkbook.from_filelike(safe) as book:
            if not book.sheet_names:
                raise Unreadable("The workbook has no sheet.")
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except Problem:
        raise
    except BaseException as error:
        # A panic of the reader is no Exception; its words may quote the file.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise Unreadable("The workbook is damaged.") from error
        raise
    return [[_value(cell) for cell in row] for row in rows]


def _value(cell: object) -> Cell:
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, datetime):
        plain = cell.replace(microsecond=0)
        return plain.isoformat() if plain.time() != datetime.min.time() else _day(plain)
    if isinstance(cell, date):
        return _day(cell)
    if isinstance(cell, int | float):
        whole = abs(cell) < EXACT and float(cell).is_integer()
        return str(int(cell)) if whole else float(cell)
    return str(cell).strip()


def _day(day: date) -> str:
    return f"{day.year:04}-{day.month:02}-{day.day:02}"


def _checked(body: bytes) -> io.BytesIO:
    """The workbook again, of nothing but parts that were walked to their end."""
    left, elements = MAX_SHEET_UNPACKED_BYTES, MOST_ELEMENTS
    whole = io.BytesIO()
    try:
        with (
            zipfile.ZipFile(io.BytesIO(body)) as given,
            zipfile.ZipFile(whole, "w") as kept,
        ):
            parts = [one for one in given.infolist() if one.filename.lower().endswith(_WALKED)]
            if len(parts) > MOST_PARTS or len({one.filename for one in parts}) < len(parts):
                raise Unreadable("The workbook has too many parts, or two of one name.")
            for part in parts:
                walk, pieces = _Walk(elements), []
                with given.open(part) as stream:
                    while piece := stream.read(_PIECE):
                        left -= len(piece)
                        if left < 0:
                            raise TooLarge("The workbook is too large when unpacked.")
                        walk.take(piece)
                        pieces.append(piece)
                walk.end()
                elements = walk.elements
                kept.writestr(part.filename, b"".join(pieces))
    except (zipfile.BadZipFile, expat.ExpatError, RuntimeError, NotImplementedError) as error:
        raise Unreadable("The workbook is damaged, or locked with a password.") from error
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise Unreadable("The workbook is damaged.") from error
    whole.seek(0)
    return whole


class _Walk:
    """One part, walked piece by piece; Unreadable or TooLarge as soon as something is wrong with it.

    ``elements``: how many more there may be.
    """

    def __init__(self, elements: int) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = _no_document_type
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._parser = parser
        self._taken = 0
        self.elements = elements
        self._row = self._column = 0
        self._rows = 0
        self._length: int | None = None

    def take(self, piece: bytes) -> None:
        self._parser.Parse(piece, False)
        self._taken += len(piece)
        if self._taken - self._parser.CurrentByteIndex > MOST_TAG_BYTES:
            raise Unreadable("A tag of the workbook is too long.")

    def end(self) -> None:
        self._parser.Parse(b"", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements -= 1
        if self.elements < 0:
            raise TooLarge("The workbook has too many elements.")
        name = name.rpartition(":")[2]
        if name == "row":
            self._row = _number(attributes.get("r")) or self._row + 1
            self._column = 0
        elif name == "c":
            self._at(attributes.get("r"))
            self._length = 0
        elif name == "si":
            self._length = 0
        elif name in ("v", "is") and self._length is not None:
            if self._row > MAX_SHEET_ROWS + 1:
                raise TooLarge(f"A workbook holds at most {MAX_SHEET_ROWS} rows under its header.")
            if self._column > MAX_SHEET_COLUMNS:
                raise TooLarge(f"A sheet has at most {MAX_SHEET_COLUMNS} columns.")

    def _at(self, place: str | None) -> None:
        if place is None:
            self._column += 1
            return
        found = _PLACE.fullmatch(place)
        if found is None:
            raise Unreadable("A cell of the workbook has no place.")
        self._row, self._column = int(found[2]), 0
        for letter in found[1]:
            self._column = self._column * 26 + ord(letter) - ord("A") + 1

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] in ("c", "si"):
            self._length = None

    def _text(self, text: str) -> None:
        if self._length is None:
            return
        self._length += len(text)
        if self._length > MAX_SHEET_CELL:
            raise TooLarge(f"A cell holds at most {MAX_SHEET_CELL} characters.")


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch("[1-9][0-9]{0,6}", text):
        raise Unreadable("A row of the workbook has no number.")
    return int(text)


def _no_document_type(*_: object) -> None:
    raise Unreadable("The workbook declares a document type.")
