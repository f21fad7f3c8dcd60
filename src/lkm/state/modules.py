r"""The text of /proc/modules, read line by line.

A line is ``name size refcount users state address [(taint)]`` (kernel/module/procfs.c: ``m_show``). Users are names,
each followed by a comma, among them ``[permanent]``, or ``-`` for none. A kernel without CONFIG_MODULE_UNLOAD prints
``- -`` for the count and the users. The kernel hides addresses (all zeros) from users who may not see them.

>>> modules, problems = parse_modules("fat 86016 1 msdos, Live 0xffffffffc0000000 (OE)\nnonsense\n")
>>> modules[0].name, modules[0].holders, modules[0].taint
('fat', ('msdos',), 'OE')
>>> print(problems[0])
/proc/modules:2: not a line of /proc/modules
"""

from __future__ import annotations

from lkm.names import ModuleName
from lkm.origin import Origin, Problem
from lkm.state.nouns import LoadedModule

FILE = "/proc/modules"
STATES = ("Live", "Loading", "Unloading")


def parse_modules(text: str, file: str = FILE) -> tuple[tuple[LoadedModule, ...], tuple[Problem, ...]]:
    """Return the modules in the kernel's order (newest first), and a Problem for each line that is none."""
    modules: list[LoadedModule] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        module = parse_line(line)
        if module is None:
            problems.append(Problem(Origin(file, number), "not a line of /proc/modules", line))
        else:
            modules.append(module)
    return tuple(modules), tuple(problems)


def parse_line(line: str) -> LoadedModule | None:
    """Return the module that a line describes, or None. Read from the right, as a name may hold anything."""
    taint = ""
    if line.endswith(")"):
        line, _, flags = line.rpartition(" (")
        taint = flags[:-1].rstrip("+-")  # '+' and '-' stand for loading and unloading, which the state tells too
    fields = line.rsplit(" ", 5)
    if len(fields) != 6 or fields[4] not in STATES or not fields[0]:
        return None
    name, size, refcount, users, state, address = fields
    try:
        holders = [user for user in users.split(",") if user] if users != "-" else []
        return LoadedModule(
            ModuleName(name),
            int(size),
            -1 if refcount == "-" else int(refcount),
            tuple([ModuleName(user) for user in holders if user != "[permanent]"]),
            state,
            int(address, 16),
            taint,
            "[permanent]" in holders,
        )
    except ValueError:
        return None
