"""All configuration together: the directives of every file in order, then those of the kernel command line.

>>> s = assemble([("b.conf", "blacklist x\\noptions y a=1"), ("c.conf", "options y b=2")], "y.c=3")
>>> [o.text for o in s.options], [b.module for b in s.blacklists]
(['a=1', 'b=2', 'c=3'], ['x'])
"""

from __future__ import annotations

from lkm.config import cmdline as kernel_command_line
from lkm.config import modprobe
from lkm.config.nouns import Alias, Blacklist, Command, Forbid, Options, Settings, Softdep, Weakdep

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
        problems=tuple(problems),
    )
