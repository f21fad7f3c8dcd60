"""What ``modprobe -c --origin`` prints: each directive with its place, and why others have no effect.

>>> from lkm.config.settings import assemble
>>> first, second = "install m x\\noptions m a=1 b=2", "install m y\\noptions m a=3\\nunset softdep m"
>>> files = [("a.conf", first), ("b.conf", second)]
>>> print(origin_text(assemble(files, ""), [("/lib/a.conf", "a.conf")]), end="")
# a.conf:1
install m x
# b.conf:1: overridden by a.conf:1
# install m y
# a.conf:2 (a: overridden by b.conf:2)
options m a=1 b=2
# b.conf:2
options m a=3
# b.conf:3: nothing to unset
# unset softdep m
# /lib/a.conf: hidden by a.conf
"""

from __future__ import annotations

from lkm.config.nouns import Alias, Blacklist, Command, Forbid, Options
from lkm.config.parameters import parameter, parameters
from lkm.config.settings import keyword, name
from lkm.report.config import directive_line, effective
from lkm.wildcard import has_wildcard, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lkm.config.nouns import Directive, Settings


def origin_text(settings: Settings, hidden: Iterable[tuple[str, str]] = (), directories: Sequence[str] = ()) -> str:
    """Return the settings as modprobe.d text; places and what has no effect are comments.

    ``hidden`` are files that are not read, each with the file of its name that is read in its place. ``directories``
    are those of the modules, the weakest first, where there are several.
    """
    lines = [f"# modules of {directory}" for directory in directories]
    facts = effective(settings)
    for at, fact in enumerate(facts):
        by = _overrider(fact, facts[:at])
        if by:
            lines += [f"# {fact.origin}: overridden by {by.origin}", f"# {directive_line(fact)}"]
        else:
            lines += [f"# {fact.origin}{_parts(fact, facts[at + 1 :])}", directive_line(fact)]
    for each in settings.dropped:
        if each.directive is None:
            lines += [f"# {each.unset.origin}: nothing to unset", f"# {directive_line(each.unset)}"]
        else:
            lines.append(f"# {each.directive.origin}: unset by {each.unset.origin}")
            lines.append(f"# {directive_line(each.directive)}")
    lines += [f"# {path}: hidden by {by}" for path, by in hidden]
    return "".join([f"{line}\n" for line in lines])


def _overrider(fact: Directive, before: Sequence[Directive]) -> Directive | None:
    """Return the earlier directive that counts instead: of commands, blacklists and forbids the first does."""
    if isinstance(fact, (Blacklist, Command, Forbid)):
        wild = not isinstance(fact, Blacklist)
        for each in before:
            if keyword(each) == keyword(fact) and _covers(name(each), name(fact), wild):
                return each
    if isinstance(fact, Alias):
        return next((a for a in before if isinstance(a, Alias) and directive_line(a) == directive_line(fact)), None)
    return None


def _covers(pattern: str, other: str, wild: bool) -> bool:
    if pattern == other:
        return True
    return wild and has_wildcard(pattern) and not has_wildcard(other) and matches(pattern, other)


def _parts(fact: Directive, after: Sequence[Directive]) -> str:
    """Return which parameters of an ``options`` are set again for the same name: the kernel takes the last."""
    if not isinstance(fact, Options):
        return ""
    again = [o for o in after if isinstance(o, Options) and o.module == fact.module and not o.extends]
    found = []
    for key in dict.fromkeys([parameter(word)[0] for word in parameters(fact.text)]):
        by = [o for o in again if key in [parameter(word)[0] for word in parameters(o.text)]]
        if by:
            found.append(f"{key}: overridden by {by[-1].origin}")
    return f" ({', '.join(found)})" if found else ""
