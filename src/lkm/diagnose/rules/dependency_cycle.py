"""Modules need each other in a circle, so that none of them can be first.

depmod says so and leaves them out of its index; insmod of any of them is answered with ENOENT. It comes of a build
in which two modules use each other's symbols.

Remedy: one module of both, or a third one for what both need.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "dependency-cycle"
ERRNOS = ("ENOENT",)
REMEDIES = (Remedy("make one module of them, or move what both need to a third one"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a module that is in a circle."""
    if not evidence.cycle:
        return
    round_ = " -> ".join((*evidence.cycle, evidence.cycle[0]))
    where = evidence.tree.origin() if evidence.tree else ""
    yield Finding(
        CODE,
        f"it needs itself: {round_}",
        CERTAIN,
        "ENOENT",
        (Fact(round_, where),),
        "what a module needs must be in the kernel before it",
        "kernel/module/main.c: resolve_symbol; depmod(8)",
        REMEDIES,
    )
