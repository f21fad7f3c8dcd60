r"""The text of /proc/kallsyms: every symbol the kernel and its modules have.

A line is ``address type name``, then for a module's symbol a tab and ``[module]`` (kernel/kallsyms.c: ``s_show``).
The types are nm(1)'s; a capital letter is a global symbol. Addresses are zeros for users who may not see them.

>>> parse_kallsyms("ffffffffc0000010 t fat_sync\t[fat]\n")[0]
(Symbol(address=18446744072635809808, kind='t', name='fat_sync', module='fat'),)
"""

from __future__ import annotations

from lkm.names import ModuleName
from lkm.origin import Origin, Problem
from lkm.state.nouns import Symbol

FILE = "/proc/kallsyms"


def parse_kallsyms(text: str, file: str = FILE) -> tuple[tuple[Symbol, ...], tuple[Problem, ...]]:
    """Return the symbols in the file's order, and a Problem for each line that is none."""
    symbols: list[Symbol] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        left, _, module = line.partition("\t")
        fields = left.split(" ", 2)
        try:
            if len(fields) != 3 or len(fields[1]) != 1 or not fields[2]:
                raise ValueError
            if module and not (module.startswith("[") and module.endswith("]")):
                raise ValueError
            symbols.append(Symbol(int(fields[0], 16), fields[1], fields[2], ModuleName(module[1:-1])))
        except ValueError:
            problems.append(Problem(Origin(file, number), "not a line of /proc/kallsyms", line))
    return tuple(symbols), tuple(problems)
