"""A line of modules-load.d with more than a name.

systemd-modules-load takes the whole line for the name. Parameters have no place there.

Remedy: the name alone there, and ``options NAME PARAMETER=VALUE`` in modprobe.d.
"""

from __future__ import annotations

from lkm.config.lines import words
from lkm.lint.case import flaw
from lkm.lint.nouns import ERROR
from lkm.lint.sheet import LOAD, comment_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "load-arguments"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each such line."""
    for statement, _ in case.statements(LOAD):
        name, *more = words(statement.line.text)
        if more and comment_at(statement.line.text) < 0:
            rest = " ".join(more)
            what = f"'{name} {rest}' is taken for the name of one module"
            advice = f"write 'options {name} {rest}' into a file of modprobe.d" if "=" in rest else "a line for each"
            yield flaw(CODE, ERROR, statement, more[0], what, "all of a line is the name", advice)
