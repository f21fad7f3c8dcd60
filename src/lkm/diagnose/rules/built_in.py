"""The module is part of the kernel.

A module of that name is built in. The kernel answers EINVAL and logs ``NAME: module is already loaded``, as its
place in /sys/module is taken.

Remedy: nothing to load; parameters are given on the kernel's command line, as NAME.PARAMETER=VALUE.
"""

from __future__ import annotations

from lkm.diagnose.evidence import LOADS
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "built-in"
ERRNOS = ("EINVAL", "EEXIST")
CALLS = (*LOADS, "lookup")
REMEDIES = (Remedy("it needs no loading; its parameters go to the kernel's command line as {name}.PARAMETER=VALUE"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the kernel has a built-in module of this name."""
    name, kernel = evidence.name, evidence.kernel
    if kernel is None:
        return
    said = f"{name}: module is already loaded" in evidence.attempt.log
    if not said and name not in (kernel.builtin or ()):
        return
    yield Finding(
        CODE,
        f"{name} is built into this kernel",
        CERTAIN,
        "EINVAL",
        (
            Fact("module is already loaded", "kernel log")
            if said
            else Fact(name, f"{kernel.origin}: modules.builtin"),
        ),
        "its directory in /sys/module is there already",
        "kernel/module/sysfs.c: mod_sysfs_init",
        (REMEDIES[0].filled(name=name),),
    )
