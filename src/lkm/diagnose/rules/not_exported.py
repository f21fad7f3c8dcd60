"""The kernel has the symbol that the module needs, and does not export it.

A function or variable is there for modules only where the source says EXPORT_SYMBOL; since 5.7 the kernel's own
look-up (kallsyms_lookup_name) is not exported either. The kernel answers ENOENT and logs ``Unknown symbol NAME
(err -2)``, as if it had none of that name.

Remedy: another function that is exported; or a kernel that exports it (a patch, or an older or newer one).
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.symbols import hidden, nobodys
from lkm.diagnose.words import some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "not-exported"
ERRNOS = ("ENOENT",)
REMEDIES = (
    Remedy("see that it is there, and has no line __ksymtab_{symbol}", "grep -w {symbol} /proc/kallsyms"),
    Remedy("take a version of the module that uses what this kernel exports"),
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for lacking symbols that are among the kernel's own."""
    symbols = [symbol for symbol in nobodys(evidence) if hidden(evidence, symbol)]
    if not symbols:
        return
    yield Finding(
        CODE,
        f"the kernel has {some(symbols)}, and does not export {'it' if len(symbols) == 1 else 'them'} to modules",
        CERTAIN,
        "ENOENT",
        (
            Fact(f"{some(symbols)}: there", "/proc/kallsyms or System.map"),
            Fact(f"{some(symbols)}: not exported", evidence.kernel.origin if evidence.kernel else ""),
        ),
        "only what is exported is there for modules",
        "kernel/module/main.c: find_symbol (include/linux/export.h)",
        tuple([remedy.filled(symbol=symbols[0]) for remedy in REMEDIES]),
    )
