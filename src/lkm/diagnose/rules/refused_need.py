"""A module that it needs is refused.

What the module needs was to be loaded first, and the kernel does not take that. It is the other module that is sick.

Remedy: see why that one is refused: `lkm explain NAME`.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "refused-need"
ERRNOS = ("ENOENT",)
REMEDIES = (Remedy("see why {name} is refused", "lkm explain {name}"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each module that it needs and that is refused."""
    for name in evidence.refused:
        yield Finding(
            CODE,
            f"it needs {name}, which is refused",
            CERTAIN,
            "ENOENT",
            (Fact(f"needs {name}", evidence.tree.origin() if evidence.tree else "modules.dep"),),
            "what it needs must be in the kernel before it",
            "kernel/module/main.c: resolve_symbol",
            (REMEDIES[0].filled(name=name),),
        )
