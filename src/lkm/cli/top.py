"""``lkm top``: a kernel's modules, live: what is used, asked for, comes and goes; by keys, why and what to do."""

from __future__ import annotations

import sys

from lkm.cli.kernels import of_today, open_kernel
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand
from lkm.errors import LkmError, UsageError
from lkm.kernel.linux import LinuxKernel

USAGE = """lkm top [options]

Shows the modules in the kernel, their use counts over time, when autoclean removes them, who asks for which, and what
happens to them, until q is pressed. The keys are at the foot of the screen: they run `lkm info` and `lkm unload` for
the module under the cursor. docs/top.md."""
OPTIONS = (
    Option("", "every", "SECONDS", "look so often (1)"),
    Option("", "sort", "COLUMN", "name, size, used, idle (longest first) or newest"),
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """Watch until the user quits; status 1 where that is not possible, 2 for words that make no sense."""
    understood = understand("lkm top", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return 2 if understood else 0
    options, operands = understood
    try:
        if operands:
            raise UsageError(f"what is '{operands[0]}'?", hint="lkm top takes no operands; / filters while it runs")
        every, order = _settings(dict(options))
        of_today()
        kernel = open_kernel(LinuxKernel)
        kernel.state()  # raises where there are no modules to watch
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError(
                "this is no terminal", hint="`lkm list` prints what is loaded; `lkm list --json` for programs"
            )
    except LkmError as error:
        sys.stderr.write(f"lkm top: {error}\n")
        if error.hint:
            sys.stderr.write(f"  {error.hint}\n")
        return 2 if isinstance(error, UsageError) else 1
    from lkm.cli.top_app import Top

    Top(kernel, every, order).run()
    return 0


def _settings(given: dict[str, str]) -> tuple[float, str]:
    from lkm.report.watch import ORDERS

    order = given.get("sort", "name")
    if order not in ORDERS:
        raise UsageError(f"there is no column '{order}'", hint=f"one of: {' '.join(ORDERS)}")
    try:
        every = float(given.get("every", "1"))
    except ValueError:
        every = 0
    if not 0.1 <= every <= 3600:
        raise UsageError(f"'{given['every']}' is no number of seconds", hint="from 0.1 to 3600")
    return every, order
