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

from lkm.config.overrides import overrider, set_again
from lkm.report.config import directive_line, effective

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
        by = overrider(fact, facts[:at])
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


def _parts(fact: Directive, after: Sequence[Directive]) -> str:
    """Return which parameters of an ``options`` are set again for the same name."""
    found = [f"{key}: overridden by {by.origin}" for key, by in set_again(fact, after)]
    return f" ({', '.join(found)})" if found else ""
