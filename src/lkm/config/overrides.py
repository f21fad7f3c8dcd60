"""Which directives have no effect because of others.

>>> from lkm.config.modprobe import parse
>>> first, second, a, b = parse("install m x\\ninstall m y\\noptions m a=1 b=2\\noptions m a=3", "x.conf")[0]
>>> overrider(second, [first]).command, overrider(first, []), [key for key, _ in set_again(a, [b])]
('x', None, ['a'])
"""

from __future__ import annotations

from lkm.config.nouns import Alias, Blacklist, Command, Forbid, Options
from lkm.config.parameters import parameter, parameters
from lkm.config.settings import keyword, name
from lkm.wildcard import has_wildcard, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.config.nouns import Directive


def overrider(fact: Directive, before: Sequence[Directive]) -> Directive | None:
    """Return the earlier directive that counts instead: of commands, blacklists and forbids the first does."""
    if isinstance(fact, (Blacklist, Command, Forbid)):
        wild = not isinstance(fact, Blacklist)
        for each in before:
            if keyword(each) == keyword(fact) and _covers(name(each), name(fact), wild):
                return each
    if isinstance(fact, Alias):
        same = (fact.pattern, fact.module)
        return next((a for a in before if isinstance(a, Alias) and (a.pattern, a.module) == same), None)
    return None


def set_again(fact: Directive, after: Sequence[Directive]) -> list[tuple[str, Options]]:
    """Return the parameters of an ``options`` that are set again for the same name, with the last that does.

    The kernel takes the last value of each.
    """
    if not isinstance(fact, Options):
        return []
    again = [o for o in after if isinstance(o, Options) and o.module == fact.module and not o.extends]
    found = []
    for key in dict.fromkeys([parameter(word)[0] for word in parameters(fact.text)]):
        by = [o for o in again if key in [parameter(word)[0] for word in parameters(o.text)]]
        if by:
            found.append((key, by[-1]))
    return found


def _covers(pattern: str, other: str, wild: bool) -> bool:
    if pattern == other:
        return True
    return wild and has_wildcard(pattern) and not has_wildcard(other) and matches(pattern, other)
