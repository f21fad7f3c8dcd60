"""Options that no load ever gets.

The module's ``install`` command loads nothing, or by other means than modprobe and without $CMDLINE_OPTS; it is
forbidden; or the name is a wildcard, which ``options`` does not follow. Options for an alias count only when the
module is asked for by just that alias.

Remedy: name the module itself, or pass $CMDLINE_OPTS on in the command.
"""

from __future__ import annotations

from lkm.config.nouns import Options
from lkm.lint.case import flaw, is_stop
from lkm.lint.nouns import NOTE, WARNING
from lkm.lint.sheet import CMDLINE
from lkm.wildcard import has_wildcard, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "options-never-apply"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each ``options`` of that kind."""
    for statement, sheet in case.statements():
        fact, name = statement.fact, statement.name
        if not isinstance(fact, Options) or sheet.kind == CMDLINE:
            continue
        level = WARNING
        rule = next((f for f in case.settings.forbids if matches(f.module, name)), None)
        command = next((c for c in case.settings.installs if matches(c.module, name)), None)
        if has_wildcard(name):
            what, why, advice = f"'{name}' is taken as it is", "options follow no wildcards", "a line for each module"
        elif rule:
            what, why, advice = f"{name} is forbidden", f"{rule.origin} says so", "remove one of the two lines"
        elif command and (is_stop(command.command) or not _passes(command.command)):
            what, why = f"{name} is never loaded with these options", f"{command.origin} has a command in its place"
            advice = "remove the line" if is_stop(command.command) else "put $CMDLINE_OPTS into that command"
        elif _only_alias(case, name):
            level, what = NOTE, f"these count only when it is asked for as '{name}'"
            why = f"{name} is an alias of {', '.join(case.tree.meant(name)) if case.tree else ''}"
            advice = "name the module itself"
        else:
            continue
        yield flaw(CODE, level, statement, name, what, why, advice)


def _passes(command: str) -> bool:
    """Tell whether a command may give the options on: modprobe reads them again."""
    return "CMDLINE_OPTS" in command or "modprobe" in command


def _only_alias(case: Case, name: str) -> bool:
    tree = case.tree
    if tree is None or tree.path(name) or case.is_builtin(name) or not tree.meant(name):
        return False
    return not any(alias.pattern == name for alias in case.settings.aliases)
