"""A blacklisted module that others bring in.

``blacklist`` only keeps a module's own aliases from loading it. Modules that need it, and those with a softdep on it,
load it all the same.

Remedy: blacklist those too, or keep it out for good: ``install NAME /bin/false`` (or lkm's ``forbid NAME``); what
needs it then fails.
"""

from __future__ import annotations

from lkm.config.nouns import Blacklist
from lkm.lint.case import flaw, is_stop
from lkm.lint.nouns import WARNING
from lkm.names import fold
from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "blacklist-needed"
NEEDS_TREE = True


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each blacklisted module that something brings in."""
    tree = case.tree
    assert tree is not None
    listed = {b.module for b in case.settings.blacklists}
    asked = {load.module for load, _ in case.loads()}

    def comes(name: str) -> bool:
        return name not in listed and (tree.has_alias(name) or name in asked)

    told = set()
    for statement, sheet in case.statements():
        name = statement.name
        if not isinstance(statement.fact, Blacklist) or not sheet.local or name in told or stopped(case, name):
            continue
        told.add(name)
        users = [user for user in tree.users(name) if comes(user)]
        soft = [
            s for s in case.settings.softdeps if name in map(str, map(fold, (*s.pre, *s.post))) and comes(s.module)
        ]
        if not users and not soft:
            continue
        who = f"{_few(users)} need{'s' if len(users) == 1 else ''} it"
        if not users:
            who = f"{soft[0].module} has a softdep on it ({soft[0].origin})"
        what = f"{name} is loaded all the same: {who}"
        why = "a blacklist only keeps a module's own aliases from loading it"
        yield flaw(CODE, WARNING, statement, name, what, why, f"install {name} /bin/false, or blacklist those too")


def stopped(case: Case, name: str) -> bool:
    """Tell whether a module is kept out by more than a blacklist."""
    if any(matches(rule.module, name) for rule in case.settings.forbids):
        return True
    return any(is_stop(c.command) and matches(c.module, name) for c in case.settings.installs)


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
