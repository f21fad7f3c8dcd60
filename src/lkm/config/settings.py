"""All configuration together: the directives of every file in order, then those of the kernel command line.

>>> s = assemble([("b.conf", "blacklist x\\noptions y a=1"), ("c.conf", "options y b=2")], "y.c=3")
>>> [o.text for o in s.options], [b.module for b in s.blacklists]
(['a=1', 'b=2', 'c=3'], ['x'])
>>> s = assemble([("b.conf", "options y a=1"), ("c.conf", "unset options y\\noptions y b=2")], "y.c=3")
>>> [o.text for o in s.options], str(s.dropped[0].directive.origin)
(['b=2', 'c=3'], 'b.conf:1')
"""

from __future__ import annotations

from lkm.config import cmdline as kernel_command_line
from lkm.config import modprobe
from lkm.config.nouns import Alias, Blacklist, Command, Dropped, Forbid, Options, Settings, Softdep, Unset, Weakdep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.config.nouns import Directive
    from lkm.origin import Problem


def assemble(files: Iterable[tuple[str, str]], cmdline: str) -> Settings:
    """Return the settings from (file name, text) in the order of reading, and the kernel command line's text."""
    facts: list[Directive] = []
    problems: list[Problem] = []
    for file, text in files:
        found, wrong = modprobe.parse(text, file)
        facts += found
        problems += wrong
    found, wrong = kernel_command_line.parse(cmdline)
    facts += found
    problems += wrong
    dropped: tuple[Dropped, ...] = ()
    if any(isinstance(f, Unset) for f in facts):
        facts, dropped = _without_unset(facts)
    commands = [f for f in facts if isinstance(f, Command)]
    return Settings(
        aliases=tuple([f for f in facts if isinstance(f, Alias)]),
        blacklists=tuple([f for f in facts if isinstance(f, Blacklist)]),
        options=tuple([f for f in facts if isinstance(f, Options)]),
        installs=tuple([c for c in commands if c.kind == "install"]),
        removes=tuple([c for c in commands if c.kind == "remove"]),
        softdeps=tuple([f for f in facts if isinstance(f, Softdep)]),
        weakdeps=tuple([f for f in facts if isinstance(f, Weakdep)]),
        forbids=tuple([f for f in facts if isinstance(f, Forbid)]),
        dropped=dropped,
        problems=tuple(problems),
    )


def _without_unset(facts: list[Directive]) -> tuple[list[Directive], tuple[Dropped, ...]]:
    """Return the facts that count, and what each ``unset`` took away."""
    left: list[Directive] = []
    dropped: list[Dropped] = []
    for fact in facts:
        if not isinstance(fact, Unset):
            left.append(fact)
            continue
        hit = [f for f in left if (keyword(f), name(f)) == (fact.kind, fact.module)]
        left = [f for f in left if f not in hit]
        dropped += [Dropped(fact, f) for f in hit] or [Dropped(fact, None)]
    return left, tuple(dropped)


def keyword(fact: Directive) -> str:
    """Return the word that the line of a directive starts with."""
    return fact.kind if isinstance(fact, Command) else type(fact).__name__.lower()


def name(fact: Directive) -> str:
    """Return the name that a directive is about: of an alias the wildcard."""
    return fact.pattern if isinstance(fact, Alias) else fact.module
