"""The module wants another one beside it (softdep), and no module is of that name.

modprobe passes over it and says nothing; the module loads, perhaps without a cipher or a helper that it wants.

Remedy: build or install the other module, if what it is for is needed.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "absent-softdep"
ERRNOS = ("",)
REMEDIES = (Remedy("build or install it, if what it is for is needed"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding where a softdep means nothing."""
    if not evidence.softdeps_absent:
        return
    names = [fact.text for fact in evidence.softdeps_absent]
    yield Finding(
        CODE,
        f"it wants {', '.join(names)} beside it, and there is no such module",
        CERTAIN,
        "",
        tuple([fact._replace(text=f"softdep {fact.text}") for fact in evidence.softdeps_absent]),
        "a softdep that is not there is passed over",
        "modprobe.d(5): softdep",
        REMEDIES,
    )
