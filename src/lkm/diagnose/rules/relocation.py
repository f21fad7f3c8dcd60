"""The module has a relocation that this kernel does not know.

A compiler or linker that is newer than the kernel, or of another kind, made it. The kernel answers ENOEXEC and logs
``Unknown rela relocation: N``.

Remedy: build it with the compiler that the kernel was built with (/proc/version tells which).
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.loglines import between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "relocation"
ERRNOS = ("ENOEXEC",)
REMEDIES = (Remedy("see which compiler made the kernel, and build the module with that", "cat /proc/version"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the kernel has logged a relocation that it does not know."""
    log = evidence.attempt.log
    numbers = between(log, "Unknown rela relocation: ", "") or between(log, "unknown relocation: ", "")
    if not numbers:
        return
    yield Finding(
        CODE,
        f"it has relocations of type {numbers[0]}, which this kernel does not know",
        CERTAIN,
        "ENOEXEC",
        (Fact(f"Unknown rela relocation: {numbers[0]}", "kernel log"),),
        "the kernel links the module itself, and knows the usual relocations only",
        "arch/*/kernel/module.c: apply_relocate_add",
        REMEDIES,
    )
