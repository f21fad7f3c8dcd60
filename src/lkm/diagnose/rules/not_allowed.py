"""Who asks may not load modules.

That takes the capability CAP_SYS_MODULE in the first user namespace: root has it, but not in a container (not even
its root), nor in a service from which it was taken. The kernel answers EPERM and logs nothing.

Remedy: as root of the machine itself, outside the container.
"""

from __future__ import annotations

from lkm.diagnose.evidence import LOADS
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "not-allowed"
ERRNOS = ("EPERM",)
CALLS = (*LOADS, "delete_module")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the caller lacks CAP_SYS_MODULE."""
    kernel, file = evidence.kernel, evidence.file
    if kernel is None or kernel.capable is not False:
        return
    yield Finding(
        CODE,
        "only root of the machine may load modules",
        CERTAIN,
        "EPERM",
        (Fact("no CAP_SYS_MODULE", "/proc/self/status"),),
        "code of a module can do everything",
        "kernel/module/main.c: may_init_module",
        (Remedy("as root, outside of containers", f"sudo lkm insmod {file.path}" if file else "sudo ..."),),
    )
