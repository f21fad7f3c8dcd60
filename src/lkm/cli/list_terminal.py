"""The table of ``lkm list`` on a terminal: as wide as that is, with what is odd in colour."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lkm.report.list import NUMBERS, TITLES, cells, columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.report.list import Row

_STYLES = {"module": "bold", "taint": "red", "autoclean": "green"}


def show(rows: Sequence[Row], console: Console | None = None) -> None:
    """Print the table."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    used = columns(rows)
    for at in used:
        title = TITLES[at]
        number = title in NUMBERS
        table.add_column(
            title, justify="right" if number else "left", style=_STYLES.get(title, ""), no_wrap=number or not at
        )
    for row in rows:
        line = cells(row)
        style = "dim" if row.module.refcount == 0 else ""
        table.add_row(*[Text(line[at]) for at in used], style=style)
    (console or Console()).print(table)
