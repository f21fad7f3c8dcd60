"""A line, or a part of it, cannot be read.

An unknown directive, a word that is missing, a bracket without its partner: kmod passes the line over, mostly in
silence. Words past those that a directive takes are lost too.

Remedy: the form of the directive, which is told.
"""

from __future__ import annotations

from lkm.lint.nouns import ERROR, Flaw
from lkm.lint.rules.deprecated import is_old

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "unreadable"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each problem of the readers."""
    for sheet in case.sheets:
        for p in sheet.problems:
            if not is_old(p.text):
                why = "kmod passes over what it cannot read"
                yield Flaw(CODE, ERROR, p.message, p.origin, p.text, p.column, why, p.hint)
