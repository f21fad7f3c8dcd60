"""A comment behind something.

``#`` makes a comment only as a line's first character. After ``options`` its words are parameters, after ``softdep``
and ``weakdep`` names of modules, and in modules-load.d all of the line is one name.

Remedy: a line of its own; ``--fix`` moves it there.
"""

from __future__ import annotations

from lkm.config.modulesload import Wanted
from lkm.config.nouns import Options, Softdep, Weakdep
from lkm.lint.case import flaw
from lkm.lint.nouns import ERROR, WARNING, Edit
from lkm.lint.sheet import LOAD, MODPROBE, comment_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "trailing-comment"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each line with a comment that is none."""
    for statement, _ in case.statements(MODPROBE, LOAD):
        fact, line = statement.fact, statement.line
        at = comment_at(line.text)
        if at < 0 or not isinstance(fact, (Options, Softdep, Weakdep, Wanted)):
            continue
        what = {
            Options: "the kernel gets the comment as parameters",
            Wanted: "the comment becomes a part of the name",
        }.get(type(fact), "the words of the comment become names of modules")
        edit = None
        if line.first == line.last and "\\" not in line.text:
            rows = (line.text[at:], line.text[:at].rstrip(" \t"))
            edit = Edit(fact.origin.file, line.first, line.last, rows)
        why = "'#' makes a comment only as the first character of a line"
        level = WARNING if isinstance(fact, Options) else ERROR
        yield flaw(CODE, level, statement, "#", what, why, "put it into a line of its own", edit)._replace(
            column=at + 1
        )
