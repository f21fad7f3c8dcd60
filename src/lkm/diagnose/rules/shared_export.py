"""Another module of the tree exports the same symbol: of the two only one can be loaded at a time.

The kernel answers ENOEXEC to the second one (the disease duplicate-symbol). depmod takes one of them as the owner, so
modules that need the symbol get that one.

Remedy: none where the two are alternatives; else rename the symbol in one of them.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "shared-export"
ERRNOS = ("",)
REMEDIES = (Remedy("remove {rival} before this one is loaded", "lkm modprobe -r {rival}"),)
_SHOWN = 4


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each module with which this one shares exports."""
    for rival in sorted({rival for _, rival in evidence.rivals}):
        symbols = sorted([symbol for symbol, other in evidence.rivals if other == rival])
        more = f" and {len(symbols) - _SHOWN} more" if len(symbols) > _SHOWN else ""
        where = evidence.tree.path(rival) if evidence.tree else ""
        yield Finding(
            CODE,
            f"it cannot be loaded beside {rival}: both export {', '.join(symbols[:_SHOWN])}{more}",
            CERTAIN,
            "",
            tuple([Fact(f"{rival} exports {symbol}", where) for symbol in symbols[:_SHOWN]]),
            "a symbol has one owner",
            "kernel/module/main.c: verify_exported_symbols",
            (REMEDIES[0].filled(rival=rival),),
        )
