"""A line, or a parameter in it, that another one overrides.

Of several ``install`` or ``remove`` commands for a module the first counts, of several values of a parameter the
last. What the administrator's files override of packages' files is meant so, and not told of; nor is what the command
line overrides.

Remedy: remove the one that does not count.
"""

from __future__ import annotations

from lkm.config.overrides import overrider, set_again
from lkm.config.settings import keyword, name
from lkm.lint.case import flaw
from lkm.lint.nouns import WARNING
from lkm.lint.rules.duplicate import bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.config.nouns import Directive
    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "overridden"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each line or parameter without effect."""
    dropped = {each.directive for each in case.settings.dropped}
    facts = [row for row in case.directives() if row[0] not in dropped and row[1].line.first]
    own = {sheet.path for sheet in case.sheets if sheet.local}
    before: dict[str, list[Directive]] = {}
    later: dict[str, list[Directive]] = {}
    for fact, _, _ in facts:
        later.setdefault(name(fact), []).append(fact)
    for fact, statement, sheet in facts:
        kin, alike = before.setdefault(keyword(fact), []), later[name(fact)]
        by = overrider(fact, kin) if sheet.local else None
        kin.append(fact)
        alike.remove(fact)
        if by and bare(by) != bare(fact):
            what = f"{by.origin} counts instead"
            yield flaw(CODE, WARNING, statement, statement.name, what, "the first one counts", "remove one of them")
        for key, last in set_again(fact, alike) if sheet.local else ():
            if last.origin.file in own and bare(last) != bare(fact):
                what = f"{key} is set again by {last.origin}"
                yield flaw(CODE, WARNING, statement, key, what, "the last value counts", "remove one of them")
