"""Lines of an upload: cut from its pieces as they arrive and read as items one by one.

Never more than one longest line is held back, whatever arrives; a line that cannot be read costs itself alone.  A blank
line is counted and is no line otherwise: an upload of nothing else must leave nothing behind.
"""

from dataclasses import dataclass

from pydantic import ValidationError

from services.registry.records.feeds import Feed, Item
from shared.flaws import Flaw, flaws_of, form_of
from shared.limits import MAX_IMPORT_LINE_BYTES

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLANKS = b" \t\r"
#: A line shows its first flaws only; a verdict must not outgrow its line.
SHOWN_FLAWS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """A line by its number from 1.  ``body`` is None when it was longer than a line may be."""

    number: int
    body: bytes | None


class Lines:
    """Cuts pieces of bytes into lines; how the pieces were cut makes no difference."""

    def __init__(self, longest: int = MAX_IMPORT_LINE_BYTES) -> None:
        self._longest = longest
        self._begun = bytearray()
        self._too_long = False
        self._number = 0
        self._blank = 0

    def take(self, piece: bytes) -> list[Line]:
        """The lines that this piece completes."""
        *ends, rest = piece.split(b"\n")
        lines = []
        for end in ends:
            self._hold(end)
            if (line := self._close()) is not None:
                lines.append(line)
        self._hold(rest)
        return lines

    def end(self) -> list[Line]:
        """The last line, when no newline ended it."""
        last = self._close() if self._begun or self._too_long else None
        return [last] if last is not None else []

    def blanks(self) -> int:
        """How many blank lines there were since this was last asked."""
        count, self._blank = self._blank, 0
        return count

    def _hold(self, part: bytes) -> None:
        if self._too_long or len(self._begun) + len(part) > self._longest:
            self._too_long = True
            self._begun.clear()
        else:
            self._begun += part

    def _close(self) -> Line | None:
        """The line that ends here; None when it is blank."""
        self._number += 1
        if self._too_long:
            self._too_long = False
            return Line(self._number, None)
        body = bytes(self._begun)
        self._begun.clear()
        if self._number == 1:
            body = body.removeprefix(BYTE_ORDER_MARK)
        if not body or not body.strip(BLANKS):
            self._blank += 1
            return None
        return Line(self._number, body)


def read(feed: Feed, line: Line) -> Item | tuple[Flaw, ...]:
    """The item on a line, or why there is none."""
    if line.body is None:
        detail = f"A line holds at most {MAX_IMPORT_LINE_BYTES} bytes."
        return (Flaw("", "line_too_long", detail),)
    body = line.body.strip(BLANKS)
    try:
        return feed.model.model_validate_json(body)
    except ValidationError as error:
        if not _is_utf8(body):
            return (Flaw("", "encoding_broken", "Lines are UTF-8."),)
        details = error.errors(include_url=False, include_input=False, include_context=False)
        return tuple(flaws_of(details[:SHOWN_FLAWS], form=form_of(feed.model)))


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
