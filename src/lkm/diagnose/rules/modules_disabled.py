"""Loading is switched off until the next boot.

kernel.modules_disabled was set to 1, which nobody can take back. The kernel answers EPERM and logs nothing.

Remedy: reboot; to load the module in time, name it in /etc/modules-load.d.
"""

from __future__ import annotations

from lkm.diagnose.evidence import LOADS
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "modules-disabled"
ERRNOS = ("EPERM",)
CALLS = (*LOADS, "delete_module")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when kernel.modules_disabled is 1."""
    kernel = evidence.kernel
    if kernel is None or not kernel.modules_disabled:
        return
    name = evidence.file.facts.name if evidence.file and evidence.file.facts else "NAME"
    yield Finding(
        CODE,
        "loading of modules is switched off until the next boot",
        CERTAIN,
        "EPERM",
        (Fact("kernel.modules_disabled = 1", "/proc/sys/kernel/modules_disabled"),),
        "that switch goes one way only, so that not even root can load anything later",
        "kernel/module/main.c: may_init_module",
        (
            Remedy(
                "load it at the next boot, before the switch is set", f"echo {name} > /etc/modules-load.d/{name}.conf"
            ),
        ),
    )
