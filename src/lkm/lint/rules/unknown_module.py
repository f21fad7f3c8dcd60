"""There is no module of that name.

Neither the tree has it, nor is it built in, nor is it an alias or has a command. What the line says is never used.
Packages' files (below /usr/lib and /lib) are for many kernels: they are told of only where a name is one letter off;
and so is a ``blacklist`` or ``forbid``, as to forbid what is not there does no harm.

Remedy: the right name, which is often one letter away.
"""

from __future__ import annotations

from lkm.config.modulesload import Wanted
from lkm.config.nearest import nearest
from lkm.config.nouns import Alias, Blacklist, Forbid, Options, Softdep, Weakdep
from lkm.lint.case import away, flaw
from lkm.lint.nouns import ERROR, WARNING
from lkm.lint.rules.file_name import is_file_name
from lkm.lint.sheet import CMDLINE, LOAD, MODPROBE, comment_at
from lkm.names import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw
    from lkm.lint.sheet import Statement

CODE = "unknown-module"
NEEDS_TREE = True


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each name that means nothing."""
    tree = case.tree
    assert tree is not None
    names = tree.names()
    for statement, sheet in case.statements(MODPROBE, LOAD, CMDLINE):
        for name in _names(statement):
            if case.known(name) or is_file_name(name):
                continue
            near = nearest(name, names) if len(name) > 2 else ""  # all short names are like some other
            keeps_out = isinstance(statement.fact, (Blacklist, Forbid))
            if near and not _one_off(near, name) and (not sheet.local or keeps_out):
                near = ""
            # On the command line all programs look for their own words; only a slip of the pen is ours.
            own = sheet.kind != CMDLINE or keeps_out or isinstance(statement.fact, Wanted)
            if not near and (not sheet.local or not own or keeps_out):
                continue
            if not own and not _takes(case, near, statement.fact):
                continue
            loads = isinstance(statement.fact, Wanted)
            what = f"there is no module or alias '{name}'"
            why = f"{tree.origin()} has none, and none is built in"
            advice = f"did you mean '{near}'?" if near else f"{away(statement)}, if no other kernel has it"
            yield flaw(CODE, ERROR if loads else WARNING, statement, name, what, why, advice)


def _names(statement: Statement) -> list[str]:
    """Return the names that have to mean something, where other rules do not tell that there are none."""
    fact = statement.fact
    if isinstance(fact, (Softdep, Weakdep, Wanted)) and (comment_at(statement.line.text) >= 0 or " " in fact.module):
        return []
    if isinstance(fact, (Softdep, Weakdep)):
        others = (*fact.pre, *fact.post) if isinstance(fact, Softdep) else fact.modules
        return [fact.module, *map(fold, others)]
    if isinstance(fact, Alias):
        return [] if fact.module in ("off", "null") else [fact.module]
    if isinstance(fact, (Blacklist, Forbid, Options, Wanted)):
        return [fact.module] if fact.module else []
    return []  # what has a command is known by it; an unset has a rule of its own


def _takes(case: Case, module: str, fact: object) -> bool:
    """Tell whether a module has the parameter that the command line gives to one of nearly its name."""
    assert case.tree is not None
    known = case.tree.parameters(module) if module and isinstance(fact, Options) else None
    key = fact.text.partition("=")[0].replace("-", "_") if isinstance(fact, Options) else ""
    return any(parameter.name.replace("-", "_") == key for parameter in known or ())


def _one_off(near: str, name: str) -> bool:
    """Tell whether names differ by one letter that is missing or too much, or by two that are swapped.

    Not by a letter that is another: families of drivers do, and not all of them are on each machine.
    """
    short, long = sorted((near, name), key=len)
    if len(long) - len(short) == 1:
        return len(short) > 4 and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    swaps = [name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1)]
    return near in swaps
