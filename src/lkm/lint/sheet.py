r"""A configuration file as lint sees it: what it states, with the lines that say so.

>>> sheet = read(MODPROBE, "x.conf", "# why\noptions snd-x \\\n  index=1\n")
>>> [(s.fact.module, s.line.first, s.line.last, s.column("index")) for s in sheet.statements]
[('snd_x', 2, 3, 17)]
"""

from __future__ import annotations

from lkm.config import cmdline, depmod, modprobe, modulesload
from lkm.config.lines import Line, logical_lines, word_at
from lkm.config.modulesload import Wanted
from lkm.config.nouns import Directive
from lkm.lint.nouns import Edit
from lkm.origin import Problem
from lkm.record import Record

MODPROBE, LOAD, DEPMOD, CMDLINE = "modprobe.d", "modules-load.d", "depmod.d", "command line"


class Statement(Record):
    """What a line states, and the line (of the kernel command line: all of it, with ``first`` 0)."""

    fact: Directive | Wanted | depmod.Override
    line: Line

    @property
    def name(self) -> str:
        """Return the module or alias that it is about; of an alias the module."""
        return self.fact.module

    def column(self, word: str) -> int:
        """Return the 1-based column of a word of the line, folded or not; a whole word before a part of one."""
        text, wanted = self.line.text.replace("-", "_"), word.replace("-", "_")
        start = max(0, self.line.text.find(self.fact.origin.word)) if self.fact.origin.word else 0
        if not isinstance(self.fact, Wanted) and self.line.first:
            keyword, at = word_at(text, 0)
            start = at + len(keyword)
        found, at = word_at(text, start)
        while found and found != wanted:
            found, at = word_at(text, at + len(found))
        return at + 1 if found else max(text.find(wanted, start), start) + 1

    def replaced(self, column: int, old: str, new: str) -> Edit | None:
        """Return the edit that puts text in the place of other; None for a line that is written in several."""
        text = self.line.text
        if not self.line.first or self.line.first != self.line.last or text[column - 1 :][: len(old)] != old:
            return None
        row = text[: column - 1] + new + text[column - 1 + len(old) :]
        return Edit(self.fact.origin.file, self.line.first, self.line.last, (row,))

    def removed(self) -> Edit | None:
        """Return the edit that takes the line away."""
        return Edit(self.fact.origin.file, self.line.first, self.line.last) if self.line.first else None


class Sheet(Record):
    """One file. ``local``: it is the administrator's own, and may be mended. ``dos``: it had DOS line ends, which
    the statements are without, so that they are not all found to be wrong.
    """

    kind: str
    path: str
    text: str
    statements: tuple[Statement, ...] = ()
    problems: tuple[Problem, ...] = ()
    local: bool = True
    dos: bool = False


def read(kind: str, path: str, text: str, *, local: bool = True) -> Sheet:
    """Return a file of one of the four kinds."""
    dos = "\r\n" in text and kind != CMDLINE
    clean = text.replace("\r\n", "\n") if dos else text
    facts, problems = _facts(kind, path, clean)
    if kind == CMDLINE:
        whole = clean.split("\0", 1)[0].rstrip("\n")
        found = [Statement(fact, Line(whole, 0, 0)) for fact in facts]
    else:
        plain = kind == LOAD  # no line continues there
        rows = [Line(row, n, n) for n, row in enumerate(clean.split("\n"), 1)] if plain else logical_lines(clean)
        lines = {line.first: line for line in rows}
        rows_of = clean.split("\n")
        found = [Statement(fact, _as_written(lines[fact.origin.line], rows_of)) for fact in facts]
    return Sheet(kind, path, text, tuple(found), problems, local, dos)


def _as_written(line: Line, rows: list[str]) -> Line:
    """Return a line of one row as the file has it, with the backslashes that get lost."""
    if line.first == line.last and rows[line.first - 1] != line.text:
        return line._replace(text=rows[line.first - 1])
    return line


def _facts(
    kind: str, path: str, text: str
) -> tuple[tuple[Directive | Wanted | depmod.Override, ...], tuple[Problem, ...]]:
    if kind == MODPROBE:
        return modprobe.parse(text, path)
    if kind == DEPMOD:
        settings, problems = depmod.parse(text, path)
        return settings.overrides, problems
    if kind == CMDLINE:
        facts, problems = cmdline.parse(text, path)
        kernels = cmdline.kernels_forbids(text, path)
        return (*facts, *kernels, *modulesload.of_cmdline(text, initrd=True, file=path)), problems
    return modulesload.wanted_lines(text, path), ()  # rules tell what is wrong with them


def comment_at(text: str) -> int:
    """Return where a comment that is none starts, outside quotes; -1 where there is none.

    >>> comment_at("options m a=1 # x"), comment_at('options m a="b # c"')
    (14, -1)
    """
    quoted = False
    for at, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == "#" and not quoted and at and text[at - 1] in " \t":
            return at
    return -1
