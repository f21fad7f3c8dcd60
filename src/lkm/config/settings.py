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
from lkm.wildcard import has_wildcard, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

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


def about(settings: Settings, names: Collection[str]) -> Settings:
    """Return the directives that concern modules or aliases of these names: all that explains what came of them.

    >>> s = assemble([("b.conf", "blacklist x\\noptions y a=1\\nforbid z* because old")], "")
    >>> [str(fact.origin) for fact in (*about(s, ("x", "zz")).blacklists, *about(s, ("x", "zz")).forbids)]
    ['b.conf:1', 'b.conf:3']
    """

    def concerns(word: str) -> bool:
        return word in names or (has_wildcard(word) and any(matches(word, name) for name in names))

    return Settings(
        aliases=tuple([a for a in settings.aliases if a.module in names or concerns(a.pattern)]),
        blacklists=tuple([b for b in settings.blacklists if concerns(b.module)]),
        options=tuple([o for o in settings.options if concerns(o.module)]),
        installs=tuple([c for c in settings.installs if concerns(c.module)]),
        removes=tuple([c for c in settings.removes if concerns(c.module)]),
        softdeps=tuple([s for s in settings.softdeps if concerns(s.module)]),
        weakdeps=tuple([w for w in settings.weakdeps if concerns(w.module)]),
        forbids=tuple([f for f in settings.forbids if concerns(f.module)]),
    )
