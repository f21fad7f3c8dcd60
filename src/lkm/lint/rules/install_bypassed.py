"""An ``install`` command that is passed by.

kmod (34 too) forgets the command of a module that has softdeps, of modprobe.d or of its own, when it loads the module
by name; lkm runs it. A command for an alias is run only when the module is asked for by just that alias.

Remedy: load the others in the command, without a softdep; name the module itself.
"""

from __future__ import annotations

from lkm.config.nouns import Command
from lkm.lint.case import flaw, is_stop
from lkm.lint.nouns import NOTE, WARNING
from lkm.lint.sheet import MODPROBE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "install-bypassed"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each ``install`` that others get around."""
    tree = case.tree
    for statement, sheet in case.statements(MODPROBE):
        fact = statement.fact
        if not isinstance(fact, Command) or fact.kind != "install" or not sheet.local:
            continue
        name = fact.module
        soft = next((s for s in case.settings.softdeps if s.module == name and (s.pre or s.post)), None)
        if soft:
            what = f"kmod's modprobe forgets this command, as {name} has a softdep ({soft.origin})"
            advice = "forbid, or module_blacklist= on the kernel's command line, keeps it out"
            if not is_stop(fact.command):
                advice = "load the others in the command, and remove the softdep"
            yield flaw(CODE, WARNING, statement, name, what, "a defect of kmod; lkm runs it", advice)
        elif tree and not tree.path(name) and not case.is_builtin(name) and (meant := tree.meant(name)):
            what = f"'modprobe {meant[0]}' passes this by: {name} is an alias of it"
            yield flaw(CODE, NOTE, statement, name, what, "it is for the name asked for", f"install {meant[0]}")
