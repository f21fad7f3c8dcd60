"""A blacklist that meets a load by name, or has another name than the module.

A module that modules-load.d names is not loaded at boot when it is blacklisted: one of the two lines is wrong. A
command that runs ``modprobe NAME`` loads it all the same. And where no alias leads to a module, all who load it do so
by name, which a blacklist does not hinder. Names are those of modules: to blacklist an alias does nothing.

Remedy: remove one of the two lines, or keep the module out for good: ``install NAME /bin/false``.
"""

from __future__ import annotations

from lkm.config.nouns import Blacklist, Command
from lkm.lint.case import flaw
from lkm.lint.nouns import WARNING
from lkm.lint.rules.blacklist_needed import stopped
from lkm.lint.rules.install_loop import modprobes
from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw
    from lkm.origin import Origin

CODE = "blacklist-by-name"
NEEDS_TREE = False
_MOST = 3


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each of these."""
    listed: dict[str, Origin] = {b.module: b.origin for b in reversed(case.settings.blacklists)}
    for load, statement in case.loads():
        if load.module in listed:
            what = f"{load.module} is not loaded at boot: {listed[load.module]} blacklists it"
            why = "systemd-modules-load follows blacklists, for names too"
            yield flaw(CODE, WARNING, statement, load.module, what, why, "remove one of the two lines")
    for statement, sheet in case.statements():
        fact = statement.fact
        if isinstance(fact, Command):
            for name in modprobes(fact.command, "install"):
                if name in listed and name != fact.module and not stopped(case, name):
                    what = f"{name} is loaded here all the same: {listed[name]} blacklists it"
                    why = "a blacklist does not hold for names"
                    yield flaw(CODE, WARNING, statement, name, what, why, f"install {name} /bin/false keeps it out")
        if isinstance(fact, Blacklist) and sheet.local and _no_alias(case, fact.module):
            what = f"this keeps nothing out: no alias leads to {fact.module}"
            why = "a blacklist only keeps a module's aliases from loading it"
            yield flaw(CODE, WARNING, statement, fact.module, what, why, f"install {fact.module} /bin/false")

        if isinstance(fact, Blacklist) and sheet.local and (modules := _by_alias(case, fact.module)):
            what = f"this keeps nothing out: {fact.module} is an alias, of {', '.join(modules[:_MOST])}"
            why = "a blacklist goes by the names of modules"
            yield flaw(CODE, WARNING, statement, fact.module, what, why, f"blacklist {modules[0]}")


def _by_alias(case: Case, name: str) -> tuple[str, ...]:
    """Return the modules that a name leads to which is no module's."""
    tree = case.tree
    if tree is None or tree.path(name) or case.is_builtin(name) or stopped(case, name):
        return ()
    own = [str(alias.module) for alias in case.settings.aliases if matches(alias.pattern, name)]
    return tuple(dict.fromkeys([module for module in own or tree.meant(name) if tree.path(module)]))


def _no_alias(case: Case, name: str) -> bool:
    tree = case.tree
    if tree is None or not tree.path(name) or tree.has_alias(name) or stopped(case, name) or tree.users(name):
        return False  # what others need has a rule of its own
    return not any(matches(name, alias.module) for alias in case.settings.aliases)
