"""This kernel cannot unload modules.

It was built without CONFIG_MODULE_UNLOAD: what was loaded stays until the next boot. The system call does not exist,
the kernel answers ENOSYS, and /proc/modules shows no use counts.

Remedy: a reboot, or a kernel with CONFIG_MODULE_UNLOAD.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, RISKY, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "unload-unsupported"
ERRNOS = ("ENOSYS",)
CALLS = ("delete_module",)
REMEDIES = (Remedy("reboot, and keep it from being loaded", "reboot", RISKY),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the call does not exist, the configuration says so, or nothing is counted."""
    name, kernel = name_of(evidence), evidence.kernel
    loaded = (kernel.loaded if kernel else None) or ()
    option = (kernel.config if kernel else None) or {}
    if evidence.attempt.errno == "ENOSYS":
        fact = Fact("delete_module: ENOSYS", "system call")
    elif kernel and option and option.get("CONFIG_MODULE_UNLOAD", "n") == "n":
        fact = Fact("CONFIG_MODULE_UNLOAD is not set", kernel.origin)
    elif any(module.name == name and module.refcount < 0 and module.state == "Live" for module in loaded):
        fact = Fact(f"{name} has no use count", "/proc/modules")
    else:
        return
    yield Finding(
        CODE,
        "this kernel cannot unload modules",
        CERTAIN,
        "ENOSYS",
        (fact,),
        "it was built without CONFIG_MODULE_UNLOAD, or a sandbox keeps the call from it",
        "kernel/module/main.c: delete_module (kernel/module/Kconfig: MODULE_UNLOAD)",
        REMEDIES,
    )
