"""``modprobe`` where the kernel is a world that speaks 2.4 (modutils 2.4: insmod/modprobe.c)."""

from __future__ import annotations

import os
import sys

from lkm.cli import kernels, voice24
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand
from lkm.errors import UsageError
from lkm.report import modprobe24 as words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from lkm.kernel.sim.kernel24 import Kernel24

USAGE = """modprobe [-adknqsv] [-C FILE] NAME [PARAMETER=VALUE...] [NAME ...]
       modprobe [-adknqsv] [-C FILE] [-t TYPE] PATTERN
       modprobe -l [-C FILE] [-t TYPE] [PATTERN]
       modprobe -c [-C FILE]
       modprobe -r [-dnsv] [-C FILE] [NAME...]"""
OPTIONS = (
    Option("a", "all", "", "load all modules that a pattern means, not only the first that can be loaded"),
    Option("c", "showconfig", "", "print the configuration that counts"),
    Option("C", "config", "FILE", "read this file, not /etc/modules.conf"),
    Option("d", "debug", "", "print the stack of modules, each with its reason"),
    Option("k", "autoclean", "", "set the autoclean flag of what is loaded; quietly"),
    Option("l", "list", "", "list the files of modules"),
    Option("n", "show", "", "print what would be done, and do nothing"),
    Option("q", "quiet", "", "insmod lists no unresolved symbols"),
    Option("r", "remove", "", "remove modules and what they needed; without names: autoclean"),
    Option("s", "syslog", "", "say messages to syslog, not stderr"),
    Option("t", "type", "TYPE", "only files in a directory TYPE"),
    Option("v", "verbose", "", "print what is done"),
    VERSION,
    HELP,
)


def main(argv: list[str], kernel: Kernel24) -> int:
    """Do what the arguments say; status 1 when any of it could not be done."""
    try:
        names = (argv[-1],) if is_unsafe(os.environ) else ()
        rest = trusted(argv, names[0]) if names else argv[1:]
    except UsageError as error:
        voice24.put("modprobe", *error.what.split("\n"), to_syslog="-s" in argv)
        return 1
    understood = understand("modprobe", USAGE, OPTIONS, rest)
    if isinstance(understood, int):
        return understood
    options, operands = understood
    given = dict(options)
    from lkm.cli.audit24 import Changes
    from lkm.cli.modprobe24_run import Run

    run = Run(kernel, given, literal=bool(names))
    if not given.keys().isdisjoint(("list", "show", "showconfig")):
        return run.run([*operands, *names])
    with Changes(kernel).tool(argv, "probe ended", safe=bool(names)):
        return run.run([*operands, *names])


def is_unsafe(environment: Mapping[str, str]) -> bool:
    """Tell whether to be in safe mode: called by the kernel (its three variables tell), or with another's rights."""
    from lkm.kernel.sim.requests import ENVIRONMENT

    found = {key: value for key, value in environment.items() if key != kernels.VARIABLE}
    return found == ENVIRONMENT or os.geteuid() != os.getuid()


def trusted(argv: list[str], name: str) -> list[str]:
    """Return the words before the last, which is the name, in safe mode.

    Raises UsageError, whose text is lines, when there is no name, it is an option, or there is anything else.

    >>> trusted(["/sbin/modprobe", "-s", "-k", "--", "eth0"], "eth0")
    ['-s', '-k']
    """
    before = argv[1:-1]
    if len(argv) < 2:
        raise UsageError("modprobe: Nothing to load ???")
    before = before[:-1] if before[-1:] == ["--"] else before
    for word, wrong, why in (
        (name, name.startswith("-"), "a module's name does not begin with '-'."),
        (name, "=" in name, "whoever asks the kernel for a module must not choose its parameters."),
        *[(each, not each.startswith("-"), "there can be one name, and nothing besides it.") for each in before],
    ):
        if wrong:
            raise UsageError("\n".join(words.unsafe(word, why)))
    return before


def groups(operands: list[str], *, literal: bool) -> list[tuple[str, tuple[str, ...]]]:
    """Split operands into names, each with the parameters after it.

    Raises UsageError for parameters before any name.

    >>> groups(["ne", "io=0x300", "irq=11", "lp"], literal=False)
    [('ne', ('io=0x300', 'irq=11')), ('lp', ())]
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    for word in operands:
        if literal or "=" not in word:
            found.append((word, ()))
        elif not found:
            raise UsageError(f"modprobe: parameter {word} before any module's name")
        else:
            found[-1] = (found[-1][0], (*found[-1][1], word))
    return found


def write(text: str) -> None:
    """Write to stdout."""
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.flush()
