"""A line that stands there twice.

It does no harm, but whoever changes one of the two wonders why nothing happens.

Remedy: remove one; ``--fix`` removes the later one, where both are in one file. Two files with one line may be of two
packages; of blacklists that is not told.
"""

from __future__ import annotations

from lkm.config.modulesload import Wanted
from lkm.config.nouns import Blacklist, Options, Unset
from lkm.config.overrides import set_again
from lkm.config.settings import keyword, name
from lkm.lint.case import flaw
from lkm.lint.nouns import NOTE, WARNING
from lkm.lint.sheet import LOAD
from lkm.origin import Origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.config.nouns import Directive
    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw
    from lkm.lint.sheet import Sheet, Statement

CODE = "duplicate"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each line that was there before."""
    seen: dict[Directive, int] = {}
    facts = list(case.directives())
    unset = {(str(fact.kind), str(fact.module)) for fact, _, _ in facts if isinstance(fact, Unset)}
    for at, (fact, statement, sheet) in enumerate(facts):
        if isinstance(fact, Unset) or not statement.line.first or (keyword(fact), str(name(fact))) in unset:
            continue
        first = seen.setdefault(bare(fact), at)
        if first == at or not sheet.local or _changed(fact, [each for each, _, _ in facts[first + 1 : at]]):
            continue
        before, _, other = facts[first]
        if isinstance(fact, Blacklist) and other is not sheet:
            continue  # packages each have their own
        yield _flaw(statement, sheet, before, other)
    loads: dict[str, tuple[Wanted, Sheet]] = {}
    for statement, sheet in case.statements(LOAD):
        load = statement.fact
        if isinstance(load, Wanted) and loads.setdefault(load.module, (load, sheet))[0] is not load and sheet.local:
            yield _flaw(statement, sheet, *loads[load.module])


def _flaw(statement: Statement, sheet: Sheet, before: Directive | Wanted, other: Sheet) -> Flaw:
    level, edit = (WARNING, statement.removed()) if sheet is other else (NOTE, None)
    what, advice = f"{before.origin} says the same", "remove this line"
    return flaw(CODE, level, statement, statement.name, what, "once is enough", advice, edit)


def bare(fact: Directive) -> Directive:
    """Return a directive without its place."""
    return fact._replace(origin=Origin(""))


def _changed(fact: Directive, between: list[Directive]) -> bool:
    """Tell whether options say something else in between, so that saying it again counts."""
    if not isinstance(fact, Options):
        return False
    if fact.extends or any(isinstance(o, Options) and o.module == fact.module and o.extends for o in between):
        return True
    return bool(set_again(fact, between))
