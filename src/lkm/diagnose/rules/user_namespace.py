"""Who asks is in a user namespace, where root is not root of the machine.

In a user namespace (a rootless container, `unshare -r`) a process has all capabilities, but only over what belongs to
the namespace. The kernel's modules do not: it asks for CAP_SYS_MODULE in the first user namespace, answers EPERM and
logs nothing.

Remedy: ask from outside of the namespace, as root of the machine.
"""

from __future__ import annotations

from lkm.diagnose.evidence import LOADS
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "user-namespace"
ERRNOS = ("EPERM",)
CALLS = (*LOADS, "delete_module")
REMEDIES = (
    Remedy("see which users it maps: only `0 0 4294967295` is the machine itself", "cat /proc/self/uid_map"),
    Remedy("ask from outside of the namespace, as root of the machine"),
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the caller is in a user namespace below the first."""
    if not evidence.caller.user_namespace:
        return
    yield Finding(
        CODE,
        "who asks is root of a user namespace only, not of the machine",
        CERTAIN,
        "EPERM",
        (Fact("users are mapped: not the first user namespace", "/proc/self/uid_map"),),
        "modules belong to the machine, so capabilities in the first user namespace count",
        "kernel/module/main.c: may_init_module; kernel/capability.c: capable",
        REMEDIES,
    )
