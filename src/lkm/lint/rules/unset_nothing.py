"""An ``unset`` that finds nothing to unset.

It takes away only what was read before it: files are read in the order of their names.

Remedy: the right name, or a file name that comes later.
"""

from __future__ import annotations

from lkm.config.nearest import nearest
from lkm.config.nouns import Unset
from lkm.config.settings import keyword, name
from lkm.lint.case import flaw
from lkm.lint.nouns import WARNING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "unset-nothing"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each such line."""
    idle = {each.unset for each in case.settings.dropped if each.directive is None}
    facts = [fact for fact, _, _ in case.directives() if not isinstance(fact, Unset)]
    for unset, statement, _ in case.directives():
        if not isinstance(unset, Unset) or unset not in idle:
            continue
        kin = [fact for fact in facts if keyword(fact) == unset.kind]
        later = next((fact for fact in kin if name(fact) == unset.module), None)
        near = nearest(unset.module, [name(fact) for fact in kin])
        advice = f"did you mean '{near}'?" if near else "remove the line"
        if later:
            advice = f"{later.origin} is read after this: put the line into a file with a later name"
        what = f"there is no '{unset.kind} {unset.module}' to unset"
        yield flaw(CODE, WARNING, statement, unset.module, what, "it takes away what was read before it", advice)
