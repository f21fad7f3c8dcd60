"""The module is a live patch, and the kernel takes none.

A module that is marked ``livepatch=Y`` changes functions of the running kernel. A kernel without CONFIG_LIVEPATCH
answers ENOEXEC and logs ``module is marked as livepatch module, but livepatch support is disabled``.

Remedy: a kernel with CONFIG_LIVEPATCH, the one that the patch was made for.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "livepatch"
ERRNOS = ("ENOEXEC",)
REMEDIES = (
    Remedy("boot the kernel that the patch was made for"),
    Remedy("see which that is", "lkm modinfo -F vermagic {path}"),
)
_SAID = "module is marked as livepatch module, but livepatch support is disabled"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the kernel has said so, or has not that option."""
    file, kernel = evidence.file, evidence.kernel
    said = any(_SAID in line for line in evidence.attempt.log)
    marked = file is not None and file.facts is not None and bool(file.facts.values("livepatch"))
    config = kernel.config if kernel else None
    lacks = marked and bool(config) and (config or {}).get("CONFIG_LIVEPATCH", "n") == "n"
    if not said and not lacks:
        return
    facts = [Fact("livepatch=Y", f"{file.path}: .modinfo")] if marked and file else []
    facts += [
        Fact(_SAID, "kernel log") if said else Fact("CONFIG_LIVEPATCH is not set", kernel.origin if kernel else "")
    ]
    yield Finding(
        CODE,
        "it is a live patch, and this kernel was built without CONFIG_LIVEPATCH",
        CERTAIN,
        "ENOEXEC",
        tuple(facts),
        "its relocations are for a kernel that can be patched",
        "kernel/module/main.c: check_modinfo_livepatch",
        tuple([remedy.filled(path=file.path if file else evidence.name) for remedy in REMEDIES]),
    )
