"""The first half of what ``modprobe -c`` prints: the settings, as text that modprobe.d files may hold.

>>> from lkm.config.settings import assemble
>>> text = config_text(assemble([("x.conf", "softdep a post: c pre: b-x\\nalias y-* z-z\\nblacklist q-q")], "a.b=1"))
>>> print(text, end="")
blacklist q_q
alias y_* z_z
options a b=1
softdep a pre: b-x post: c
"""

from __future__ import annotations

from lkm.config.nouns import Alias, Command, Forbid, Options, Softdep, Unset, Weakdep
from lkm.config.settings import keyword

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.config.nouns import Directive, Settings

#: Stands between the settings and the dump of the alias and symbol indexes.
INDEXES_FOLLOW = "\n# End of configuration files. Dumping indexes now:\n\n"


def config_text(settings: Settings) -> str:
    """Return one line a directive: kinds in kmod's order, each kind in the order of reading.

    Differs from kmod 30 in softdep, where that forgets the space before ``post:`` (and repeats names when ``pre:``
    and ``post:`` take turns), so that its line cannot be read again.
    """
    return "".join([f"{directive_line(fact)}\n" for fact in effective(settings)])


def effective(settings: Settings) -> list[Directive]:
    """Return all directives that count, in the order in which they are printed."""
    commands: list[Directive] = [*settings.blacklists, *settings.installs, *settings.removes, *settings.aliases]
    return [*commands, *settings.options, *settings.softdeps, *settings.weakdeps, *settings.forbids]


def directive_line(fact: Directive) -> str:
    """Return the line that states a directive, without its end."""
    return f"{keyword(fact)} {_words(fact)}"


def _words(fact: Directive) -> str:
    if isinstance(fact, Unset):
        return f"{fact.kind} {fact.module}"
    if isinstance(fact, Alias):
        return f"{fact.pattern} {fact.module}"
    if isinstance(fact, Options):
        return f"{fact.module} {'+= ' if fact.extends else ''}{fact.text}"
    if isinstance(fact, Command):
        return f"{fact.module} {fact.command}"
    if isinstance(fact, Softdep):
        pre = ["pre:", *fact.pre] if fact.pre else []
        post = ["post:", *fact.post] if fact.post else []
        return f"{fact.module} {' '.join(pre + post)}"
    if isinstance(fact, Weakdep):
        return f"{fact.module} {' '.join(fact.modules)}"
    if isinstance(fact, Forbid) and fact.because:
        return f"{fact.module} because {fact.because}"
    return fact.module
