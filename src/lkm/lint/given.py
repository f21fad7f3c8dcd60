"""Which parameters the configuration gives to which modules."""

from __future__ import annotations

from lkm.config.nouns import Options
from lkm.config.parameters import parameters
from lkm.lint.sheet import CMDLINE, comment_at
from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.sheet import Sheet, Statement
    from lkm.modfile.kernelparam import KernelParam

#: Parameters that each module has (kernel/module/main.c: ``unknown_module_param_cb``).
EVERYBODYS = ("dyndbg", "async_probe")


def given(case: Case) -> Iterator[tuple[Statement, Sheet, str, str, tuple[KernelParam, ...]]]:
    """Yield statement, sheet, module, word, and the module's parameters, for each word whose module is known.

    Where the name is an alias of several modules, the parameters are those of all; the first stands for them.
    """
    for statement, sheet in case.statements():
        fact = statement.fact
        modules = meant(case, fact.module) if isinstance(fact, Options) else ()
        if sheet.kind == CMDLINE and isinstance(fact, Options) and modules != (fact.module,):
            continue  # rd.modules_load= is not for brd, though that has the alias rd
        tables = [case.tree.parameters(module) if case.tree else None for module in modules]
        if not isinstance(fact, Options) or not tables or None in tables:
            continue
        known = tuple([one for table in tables for one in table or ()])
        at = comment_at("options " + fact.text)  # what follows a comment has a rule of its own
        for word in parameters(fact.text if at < 0 else fact.text[: at - len("options ")]):
            yield statement, sheet, modules[0], word, known


def meant(case: Case, name: str) -> tuple[str, ...]:
    """Return the modules that a name means: itself, or those that an alias of it leads to."""
    tree = case.tree
    if tree is None or tree.path(name) or case.is_builtin(name):
        return (name,) if tree else ()
    own = [alias.module for alias in case.settings.aliases if matches(alias.pattern, name)]
    return tuple(dict.fromkeys([m for m in own or tree.meant(name) if tree.path(m) or case.is_builtin(m)]))
