"""``ksyms``: what a kernel of 2.4 and its modules export (modutils 2.4; the layout is from memory)."""

from __future__ import annotations

import sys

from lkm.cli.kernels import kernel24
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand

USAGE = "ksyms [options]"
OPTIONS = (
    Option("a", "all", "", "the kernel's own symbols too, not only those of modules"),
    Option("m", "info", "", "where each module is, and its size"),
    Option("h", "noheader", "", "no line of headings"),
    VERSION,
    Option("", HELP.long, "", HELP.help),
)


def main(argv: list[str]) -> int:
    """Print the symbols; status 1 where the kernel is none that speaks 2.4."""
    understood = understand("ksyms", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    given = {key for key, _ in understood[0]}
    kernel = kernel24()
    if kernel is None:
        sys.stderr.write("ksyms: this kernel has no /proc/ksyms: Linux 2.4 was the last that had it\n")
        sys.stderr.write("  Today: /proc/kallsyms. `lkm sim new FILE --dialect 2.4` makes a kernel that has it.\n")
        return 1
    if "noheader" not in given:
        sys.stdout.write(f"{'Address':<8}  {'Symbol':<32}  Defined by\n")
    seen = ""
    for symbol in kernel.ksyms():
        if symbol.module and symbol.module != seen and "info" in given:
            seen = symbol.module
            base, size = kernel.area(seen)
            sys.stdout.write(f"{base:08x}  {f'({(size + 1023) // 1024}k)':<32}  [{seen}]\n")
        if symbol.module:
            sys.stdout.write(f"{symbol.address:08x}  {symbol.name:<32}  [{symbol.module}]\n")
        elif "all" in given:
            sys.stdout.write(f"{symbol.address:08x}  {symbol.name}\n")
    return 0
