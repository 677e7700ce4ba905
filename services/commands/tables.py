"""Tables on the command line: ids and scopes are copied from them, so nothing is ever cut."""

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

#: Wider than any row.
_ENDLESS = 100_000


def show(table: Table) -> None:
    """Fold what a terminal is too narrow for; to a pipe or file, each row on one line."""
    console = Console()
    for column in table.columns:
        column.overflow = "fold"
    if not console.is_terminal:
        widest = Measurement.get(console, console.options.update(max_width=_ENDLESS), table)
        console.width = max(console.width, widest.maximum)
    console.print(table)
