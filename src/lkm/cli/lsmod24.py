"""``lsmod`` where the kernel is a world that speaks 2.4: /proc/modules below a line of headings."""

from __future__ import annotations

import sys

from lkm.cli.options import help_text
from lkm.cli.standard import HELP, VERSION, understand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.kernel24 import Kernel24

USAGE = "lsmod [options]"
OPTIONS = (VERSION, HELP)


def main(argv: list[str], kernel: Kernel24) -> int:
    """Print the table; modutils 2.4 shows in its heading whether the kernel is tainted, and by what."""
    understood = understand("lsmod", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    if understood[1]:
        sys.stderr.write(help_text(USAGE, OPTIONS))
        return 1
    sys.stdout.write(heading(kernel.taint()) + kernel.proc_modules())
    return 0


def heading(taint: str) -> str:
    r"""Return the line of headings; ``taint`` holds P (proprietary), F (forced) or nothing.

    >>> heading("P")
    'Module                  Size  Used by    Tainted: P  \n'
    """
    if not taint:
        return "Module                  Size  Used by    Not tainted\n"
    letters = ("P" if "P" in taint else "G") + ("F" if "F" in taint else " ")
    return f"Module                  Size  Used by    Tainted: {letters} \n"
