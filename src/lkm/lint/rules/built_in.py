"""The module is part of the kernel, so the line does nothing.

``options`` of modprobe.d are given when a module is loaded, which this one never is; it cannot be kept out, no
command is run in its place, and there is nothing to load at boot. Packages' files are for many kernels, and not told
of.

Remedy: parameters go to the kernel's command line, as ``MODULE.PARAMETER=VALUE``; the form is told.
"""

from __future__ import annotations

from lkm.config.modulesload import Wanted
from lkm.config.nouns import Blacklist, Command, Forbid, Options
from lkm.config.parameters import parameters
from lkm.lint.case import away, flaw
from lkm.lint.nouns import NOTE, WARNING
from lkm.lint.sheet import CMDLINE, LOAD, MODPROBE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "built-in"
NEEDS_TREE = True


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each line about a built-in module."""
    for statement, sheet in case.statements(MODPROBE, LOAD, CMDLINE):
        fact, name = statement.fact, statement.name
        if not sheet.local or not case.is_builtin(name) or (sheet.kind == CMDLINE and isinstance(fact, Options)):
            continue
        level = WARNING
        if isinstance(fact, Options):
            words = " ".join([f"{name}.{word}" for word in parameters(fact.text)])
            what, advice = "its options are never given", f"on the kernel's command line: {words}"
        elif isinstance(fact, Command):
            what, advice = "its command is never run", away(statement)
        elif isinstance(fact, (Blacklist, Forbid)):
            what = "it cannot be kept out"
            advice = f"{away(statement)}; initcall_blacklist=FUNCTION on the kernel's command line skips its init"
            level = NOTE
        elif isinstance(fact, Wanted):
            level, what, advice = NOTE, "there is nothing to load", f"{away(statement)}, if no other kernel needs it"
        else:
            continue
        yield flaw(CODE, level, statement, name, f"{name} is built in: {what}", "it is part of the kernel", advice)
