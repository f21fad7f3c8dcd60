"""The module cannot be removed: it has no exit function.

A module with an init function and no exit function stays until the next boot (``[permanent]`` in /proc/modules). So
does one whose exit function this kernel cannot call. The kernel answers EBUSY and logs nothing.

Remedy: none but a reboot; where the kernel was built with CONFIG_MODULE_FORCE_UNLOAD it can be forced, and may crash.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, RISKY, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "permanent"
ERRNOS = ("EBUSY",)
CALLS = ("delete_module",)
_REBOOT = Remedy("reboot, and keep it from being loaded", "reboot", RISKY)
_FORCE = Remedy("remove it by force", "lkm rmmod --force {name}", RISKY)
REMEDIES = (_REBOOT, _FORCE)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a module that /proc/modules marks as permanent."""
    name, kernel = name_of(evidence), evidence.kernel
    loaded = kernel.loaded if kernel else None
    if kernel is None or not any(module.name == name and module.permanent for module in loaded or ()):
        return
    remedies = [_REBOOT]
    if (kernel.config or {}).get("CONFIG_MODULE_FORCE_UNLOAD") == "y":
        remedies.append(_FORCE.filled(name=name))
    yield Finding(
        CODE,
        f"{name} has no exit function, so the kernel keeps it until the next boot",
        CERTAIN,
        "EBUSY",
        (Fact(f"{name} ... [permanent]", "/proc/modules"),),
        "nobody would undo what its init function has done",
        "kernel/module/main.c: delete_module",
        tuple(remedies),
    )
