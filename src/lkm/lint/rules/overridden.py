"""A line, or a parameter in it, that another one overrides.

Of several ``install`` or ``remove`` commands for a module the first counts, of several values of a parameter the
last. What the administrator's files override of packages' files is meant so, and not told of; nor is what the command
line overrides.

Remedy: remove the one that does not count.
"""

from __future__ import annotations

from lkm.config.overrides import overrider, set_again
from lkm.lint.case import flaw
from lkm.lint.nouns import WARNING
from lkm.lint.rules.duplicate import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "overridden"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each line or parameter without effect."""
    dropped = {each.directive for each in case.settings.dropped}
    facts = [pair for pair in case.directives() if pair[0] not in dropped and pair[1].line.first]
    order = [fact for fact, _, _ in facts]
    own = {sheet.path for sheet in case.sheets if sheet.local}
    for at, (fact, statement, sheet) in enumerate(facts):
        if not sheet.local:
            continue
        by = overrider(fact, order[:at])
        if by and not same(by, fact):
            what = f"{by.origin} counts instead"
            yield flaw(CODE, WARNING, statement, statement.name, what, "the first one counts", "remove one of them")
        for key, later in set_again(fact, order[at + 1 :]):
            if later.origin.file in own and not same(later, fact):
                what = f"{key} is set again by {later.origin}"
                yield flaw(CODE, WARNING, statement, key, what, "the last value counts", "remove one of them")
