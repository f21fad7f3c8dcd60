"""An ``override`` of depmod.d that changes nothing.

The module is not in that directory of the tree, or the tree was not indexed since it is.

Remedy: the right directory, relative to the module directory, then depmod.
"""

from __future__ import annotations

from lkm.config.depmod import DepmodSettings, Override
from lkm.lint.case import flaw
from lkm.lint.nouns import WARNING
from lkm.lint.sheet import DEPMOD
from lkm.names import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "override-nowhere"
NEEDS_TREE = True


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each override in force whose module is taken from elsewhere, or from nowhere."""
    tree = case.tree
    assert tree is not None
    for statement, _ in case.statements(DEPMOD):
        fact = statement.fact
        if not isinstance(fact, Override) or not DepmodSettings(overrides=(fact,)).override_paths(case.release):
            continue
        path = tree.path(fold(fact.module)).removeprefix(f"{tree.origin()}/")
        if path.startswith(f"{fact.directory.strip('/')}/"):
            continue
        what = f"{fact.module} is taken from {path}" if path else f"there is no module {fact.module}"
        why = f"{tree.origin()} has none in {fact.directory}"
        word = fact.directory if path else fact.module
        yield flaw(CODE, WARNING, statement, word, what, why, "depmod, if the file is new; else the right directory")
