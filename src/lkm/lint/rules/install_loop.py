"""A command that starts itself.

``install NAME modprobe NAME`` makes modprobe run the command again, and again, until the machine has no more room for
processes.

Remedy: ``modprobe --ignore-install NAME`` (or ``--ignore-remove``) in the command.
"""

from __future__ import annotations

from lkm.config.nouns import Command
from lkm.lint.case import flaw
from lkm.lint.nouns import ERROR
from lkm.lint.sheet import MODPROBE
from lkm.names import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "install-loop"
NEEDS_TREE = False
_ENDS = ";|&(){}"


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each such command."""
    for statement, _ in case.statements(MODPROBE):
        fact = statement.fact
        if isinstance(fact, Command) and fact.module in modprobes(fact.command, fact.kind):
            what = f"the command starts modprobe for {fact.module}, which runs the command again"
            advice = f"modprobe {'-r ' if fact.kind == 'remove' else ''}--ignore-{fact.kind} {fact.module}"
            why = "modprobe runs the command in place of its own work"
            yield flaw(CODE, ERROR, statement, "modprobe", what, why, advice)


def modprobes(command: str, kind: str) -> list[str]:
    """Return the modules that a shell command loads (or removes) by modprobe, those told to ignore commands left out.

    >>> modprobes("modprobe a; /sbin/modprobe -q -i b && modprobe -r c", "install")
    ['a']
    """
    for end in _ENDS:
        command = command.replace(end, " ; ")
    found: list[str] = []
    for part in command.split(" ; "):
        words = part.split()
        at = next((at for at, word in enumerate(words) if word.rsplit("/", 1)[-1] == "modprobe"), -1)
        if at < 0:
            continue
        options = [word for word in words[at + 1 :] if word.startswith("-")]
        letters = "".join([word[1:] for word in options if not word.startswith("--")])
        removes = "r" in letters or "--remove" in options
        ignores = "i" in letters or f"--ignore-{kind}" in options
        if removes == (kind == "remove") and not ignores:
            found += [fold(word) for word in words[at + 1 :] if word[0] not in "-$" and "=" not in word][:1]
    return found
