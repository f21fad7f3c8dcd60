"""The module has no parameter of that name.

The kernel ignores it and loads the module: what was wanted is not in effect.

Remedy: the right name, often one letter away; ``lkm modinfo -p`` lists them.
"""

from __future__ import annotations

from lkm.config.nearest import nearest
from lkm.config.parameters import parameter
from lkm.lint.case import flaw
from lkm.lint.given import EVERYBODYS, given
from lkm.lint.nouns import WARNING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "unknown-parameter"
NEEDS_TREE = True


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each parameter that none of the modules meant has."""
    before: tuple[object, str] = (None, "")
    for statement, _, module, word, known in given(case):
        torn, before = before == (statement, "="), (statement, word)  # NAME = VALUE: told of once, at the =
        name = parameter(word)[0]
        if not name:
            why = "NAME=VALUE is one word; its parts are taken for parameters, and not known"
            what = "blanks around '=' tear a parameter apart" if word == "=" else f"'{word}' has no name"
            yield flaw(CODE, WARNING, statement, word, what, why, "write NAME=VALUE without blanks")
        if torn or not name:
            continue
        names = [each.name for each in known]
        if name in EVERYBODYS or name in [each.replace("-", "_") for each in names]:
            continue
        near = nearest(name, names)
        what = f"{module} has no parameter '{name}'"
        advice = f"did you mean '{near}'?" if near else f"it has: {', '.join(sorted(names)) or 'none'}"
        yield flaw(CODE, WARNING, statement, word, what, "a parameter that is not known is ignored", advice)
