"""Loading and removing are switched off until the next boot.

kernel.modules_disabled was set to 1, which nobody can take back. The kernel answers EPERM to both and logs nothing.

Remedy: reboot; to load the module in time, name it in /etc/modules-load.d.
"""

from __future__ import annotations

from lkm.diagnose.evidence import LOADS
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "modules-disabled"
ERRNOS = ("EPERM",)
CALLS = (*LOADS, "delete_module")
REMEDIES = (Remedy("load it at the next boot, before the switch is set", "echo {name} > {file}"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when kernel.modules_disabled is 1."""
    kernel = evidence.kernel
    if kernel is None or not kernel.modules_disabled:
        return
    name = name_of(evidence)
    yield Finding(
        CODE,
        "loading and removing of modules is switched off until the next boot",
        CERTAIN,
        "EPERM",
        (Fact("kernel.modules_disabled = 1", "/proc/sys/kernel/modules_disabled"),),
        "that switch goes one way only, so that not even root can load anything later",
        "kernel/module/main.c: may_init_module",
        (REMEDIES[0].filled(name=name, file=f"/etc/modules-load.d/{name}.conf"),),
    )
