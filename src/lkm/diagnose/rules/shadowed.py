"""The tree has several files for one module name, and only one of them counts.

depmod chooses: by ``override`` and ``search`` of depmod.d, where updates/ comes before the rest as a rule. The others
are never loaded by name, which surprises whoever has installed one of them.

Remedy: remove the file that is not wanted, or say in depmod.d which one counts.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "shadowed"
ERRNOS = ("",)
REMEDIES = (Remedy("remove the one that is not wanted, then run depmod"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding where the tree has more files of this name."""
    if not evidence.shadows:
        return
    mine = evidence.tree.path(evidence.name) if evidence.tree else ""
    yield Finding(
        CODE,
        f"it is loaded from {mine}; {', '.join(evidence.shadows)} {'is' if len(evidence.shadows) == 1 else 'are'}"
        " passed over",
        CERTAIN,
        "",
        (Fact(f"{evidence.name} is indexed", mine), *[Fact("has the same name", path) for path in evidence.shadows]),
        "a name means one file",
        "depmod.d(5): search, override",
        REMEDIES,
    )
