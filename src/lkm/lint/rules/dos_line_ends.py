"""The file has DOS line ends.

kmod takes a carriage return for a part of the line's last word: the module or the value that is meant is never found.
systemd-modules-load takes it for space. Other rules look at such a file as if it had none.

Remedy: remove the carriage returns; ``--fix`` does.
"""

from __future__ import annotations

from lkm.lint.nouns import ERROR, Edit, Flaw
from lkm.lint.sheet import LOAD
from lkm.origin import Origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "dos-line-ends"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each file that has any."""
    for sheet in case.sheets:
        if not sheet.dos or sheet.kind == LOAD:
            continue
        rows = sheet.text.split("\n")
        ends = [number for number, row in enumerate(rows, 1) if row.endswith("\r")]
        more = f" (as do {len(ends) - 1} more lines)" if len(ends) > 1 else ""
        yield Flaw(
            CODE,
            ERROR,
            f"ends in a carriage return{more}",
            Origin(sheet.path, ends[0]),
            rows[ends[0] - 1][:-1],
            len(rows[ends[0] - 1]),
            "kmod takes it for a part of the last word",
            "remove the carriage returns",
            Edit(sheet.path, 1, len(rows), tuple([row.removesuffix("\r") for row in rows])),
        )
