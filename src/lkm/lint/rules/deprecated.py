"""A word that modprobe.d or depmod.d had once, or that only modules.conf (Linux 2.4) had.

``include`` and ``config`` are read no more, ``make_map_files`` does nothing. ``above``, ``probeall``, ``pre-install``
and the like were modutils' words, and so was ``alias NAME off``, which now asks for a module with the name off.

Remedy: what stands in their place today, which is told.
"""

from __future__ import annotations

from lkm.config.lines import word_at
from lkm.config.nouns import Alias
from lkm.lint.case import flaw
from lkm.lint.nouns import ERROR, Flaw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "deprecated"
NEEDS_TREE = False
#: Word → what to write today.
OLD = {
    "include": "put the directives into a file of their own in modprobe.d",
    "config": "put the directives into a file of their own in modprobe.d",
    "make_map_files": "remove the line: no map files are made any more",
    "above": "softdep MODULE post: NAME",
    "below": "softdep MODULE pre: NAME",
    "add": "softdep MODULE pre: NAME",
    "probe": "alias PATTERN MODULE, a line for each",
    "probeall": "alias PATTERN MODULE, a line for each",
    "pre-install": "install MODULE COMMAND; modprobe --ignore-install MODULE $CMDLINE_OPTS",
    "post-install": "install MODULE modprobe --ignore-install MODULE $CMDLINE_OPTS; COMMAND",
    "pre-remove": "remove MODULE COMMAND; modprobe -r --ignore-remove MODULE",
    "post-remove": "remove MODULE modprobe -r --ignore-remove MODULE; COMMAND",
    "prune": "remove the line",
    "depfile": "remove the line: modules.dep is in the module directory",
    "keep": "remove the line",
    "path": "search DIRECTORY... in a file of depmod.d",
    "insmod_opt": "remove the line: modprobe knows no such options",
}


def is_old(line: str) -> bool:
    """Tell whether a line starts with a word of the past."""
    return _key(line) in OLD


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each line with a word of the past."""
    for sheet in case.sheets:
        for p in sheet.problems:
            if is_old(p.text):
                word, at = word_at(p.text, 0)
                what, why = f"'{word}' is a directive no more", "kmod passes the line over"
                yield Flaw(CODE, ERROR, what, p.origin, p.text, at + 1, why, OLD[_key(p.text)])
    for statement, _ in case.statements():
        fact = statement.fact
        if isinstance(fact, Alias) and fact.module in ("off", "null"):
            what = f"'alias {fact.pattern} {fact.module}' does not switch it off"
            why = f"modprobe looks for a module with the name {fact.module}"
            advice = f"install {fact.pattern} /bin/false"
            yield flaw(CODE, ERROR, statement, fact.module, what, why, advice)


def _key(line: str) -> str:
    """Return the first word without the value that path[TAG]= and insmod_opt= had."""
    return word_at(line, 0)[0].partition("=")[0].partition("[")[0]
