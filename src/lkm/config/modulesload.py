r"""Which modules are loaded at boot: modules-load.d, and words of the kernel command line.

A line of a file is a module's name (or an alias); empty lines and those that start with ``#`` or ``;`` say nothing
(modules-load.d(5); systemd: src/modules-load/modules-load.c, ``apply_file``). On the command line
``modules_load=a,b`` counts, in an initial RAM disk ``rd.modules_load=a,b`` too (systemd-modules-load.service(8)).

>>> wanted, problems = parse("# for us\nloop\n\nmsdos vfat\n", "x.conf")
>>> [(w.name, str(w.origin)) for w in wanted], str(problems[0])
([('loop', 'x.conf:2')], "x.conf:4: 'msdos vfat' is no module's name")
"""

from __future__ import annotations

from lkm.config.parameters import parameter, parameters
from lkm.names import ModuleName, fold
from lkm.origin import Origin, Problem
from lkm.record import Record

FILE = "/proc/cmdline"
_SPACES = " \t\r\v\f"


class Wanted(Record):
    """A module or alias that is to be loaded at boot, as it was written, and what says so."""

    name: str
    origin: Origin

    @property
    def module(self) -> ModuleName:
        """Return the name, folded."""
        return fold(self.name)


def wanted_lines(text: str, file: str) -> tuple[Wanted, ...]:
    r"""Return every line that counts, in order: systemd takes all of it for the name. Never raises.

    >>> [(str(w.module), w.origin.line) for w in wanted_lines("# a\nsnd-x\n ;b\nfat x\n", "x.conf")]
    [('snd_x', 2), ('fat x', 4)]
    """
    rows = [(number, row.strip(_SPACES)) for number, row in enumerate(text.split("\n"), 1)]
    return tuple([Wanted(row, Origin(file, number)) for number, row in rows if row and row[0] not in "#;"])


def parse(text: str, file: str) -> tuple[tuple[Wanted, ...], tuple[Problem, ...]]:
    """Return what a file wants, in order, and a Problem for each line that is no name. Never raises."""
    found: list[Wanted] = []
    problems: list[Problem] = []
    rows = text.split("\n")
    for wanted in wanted_lines(text, file):
        name, line = wanted.name, rows[wanted.origin.line - 1]
        if any(space in name for space in _SPACES) or "\0" in name:
            column = len(line) - len(line.lstrip(_SPACES)) + 1
            hint = "write one name a line; options belong into modprobe.d"
            problems.append(Problem(wanted.origin, f"'{name}' is no module's name", line, column, hint))
        else:
            found.append(wanted)
    return tuple(found), tuple(problems)


def of_cmdline(text: str, *, initrd: bool = False, file: str = FILE) -> tuple[Wanted, ...]:
    """Return what the kernel command line wants; ``initrd``: this is an initial RAM disk.

    >>> [w.name for w in of_cmdline("quiet modules_load=a,b-c rd.modules-load=d")]
    ['a', 'b-c']
    >>> [w.name for w in of_cmdline("quiet modules_load=a rd.modules-load=d", initrd=True)]
    ['a', 'd']
    """
    keys = ("modules_load", "rd.modules_load") if initrd else ("modules_load",)
    found: list[Wanted] = []
    for word in parameters(" ".join(text.split())):
        key, value = parameter(word)
        if key in keys:
            found += [Wanted(name, Origin(file, 0, word)) for name in value.split(",") if name]
    return tuple(found)
