"""Areas as an operator writes and reads them: a division code, or ``all``."""

from typing import Annotated

import typer

from shared import divisions

#: The area of a client that is granted every place, as (low, high).
EVERYWHERE = (0, 999_999_999_999)


def _code(text: str) -> str:
    try:
        divisions.widen(text)
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None
    return text


def area_code(text: str) -> str:
    """The code as it is written, or ``all``; BadParameter otherwise."""
    return text if text == "all" else _code(text)


_HELP = "division code of 2, 4, 6, 9 or 12 digits, which covers the place and all inside it"
Place = Annotated[str, typer.Argument(help=_HELP, callback=_code)]
Area = Annotated[str, typer.Argument(help=f"{_HELP}; or: all", callback=area_code)]


def shown(low: int, high: int) -> str:
    """``all``; or the shortest code that says the area, with the name of the place."""
    if (low, high) == EVERYWHERE:
        return "all"
    inside = len(str(high - low)) if high > low else 0
    return f"{divisions.text_of(low)[: 12 - inside]} {divisions.name_of(low) or ''}".rstrip()
