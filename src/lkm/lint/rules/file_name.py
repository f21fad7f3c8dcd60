"""A file name stands where the name of a module is wanted.

``e1000e.ko``, or a path: names of modules have no ending and no directory, so the line is about no module.

Remedy: the name alone; ``--fix`` writes it.
"""

from __future__ import annotations

from lkm.config.nouns import Alias, Weakdep
from lkm.lint.case import flaw
from lkm.lint.nouns import ERROR
from lkm.lint.sheet import CMDLINE, LOAD, MODPROBE
from lkm.names import is_module_path, name_from_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "file-name"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each such name."""
    for statement, _ in case.statements(MODPROBE, LOAD, CMDLINE):
        name = statement.name
        if isinstance(statement.fact, Weakdep) or not is_module_path(name) or (" " in name):
            continue
        column = statement.column(name)
        written = statement.line.text[column - 1 :][: len(name)]
        short = written.rsplit("/", 1)[-1].split(".", 1)[0]
        if not short:
            continue
        what = f"'{written}' is the name of a file"
        edit = statement.replaced(column, written, short)
        about = "the alias leads to" if isinstance(statement.fact, Alias) else "the line is about"
        yield flaw(CODE, ERROR, statement, name, what, f"{about} no module then", f"write {short}", edit)


def is_file_name(name: str) -> bool:
    """Tell whether this rule tells of a name, so that others need not."""
    return is_module_path(name) and name_from_path(name) != ""
