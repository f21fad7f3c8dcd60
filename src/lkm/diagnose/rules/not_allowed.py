"""Who asks may not load or remove modules.

That takes the capability CAP_SYS_MODULE in the first user namespace: root has it, but not in a service or sandbox
from which it was taken (CapabilityBoundingSet=, ProtectKernelModules= of a systemd unit). The kernel answers EPERM
and logs nothing. Containers and user namespaces are diseases of their own.

Remedy: as root of the machine itself.
"""

from __future__ import annotations

from lkm.diagnose.evidence import LOADS
from lkm.diagnose.finding import CERTAIN, UNKNOWN, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "not-allowed"
ERRNOS = ("EPERM",)
CALLS = (*LOADS, "delete_module")
_ROOT = Remedy("as root, outside of containers", "sudo lkm insmod {path}")
_REMOVE = Remedy("as root, outside of containers", "sudo lkm rmmod {name}")
_SERVICE = Remedy("outside of the service or sandbox that took the capability", "grep Cap /proc/self/status")
REMEDIES = (_ROOT, _REMOVE, _SERVICE)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the caller lacks CAP_SYS_MODULE; for an EPERM that nothing explains, that it may."""
    kernel, attempt, uid = evidence.kernel, evidence.attempt, evidence.caller.uid
    capable = kernel.capable if kernel else None
    blind = (
        capable is None and attempt.errno == "EPERM" and not attempt.log and not (kernel and kernel.modules_disabled)
    )
    if capable is not False and not blind:
        return
    if capable is False:
        facts = [Fact("no CAP_SYS_MODULE", "/proc/self/status")]
        facts += [Fact(f"user id {uid}", "/proc/self/status")] if uid >= 0 else []
        what = (
            "root lacks CAP_SYS_MODULE here: it was taken away"
            if uid == 0
            else "only root of the machine may load or remove modules"
        )
    else:
        facts = [Fact("whether who asked has CAP_SYS_MODULE is not known", "evidence that is missing")]
        what = "who asked may lack the right to do so"
    path = evidence.file.path if evidence.file else ""
    how = _REMOVE.filled(name=name_of(evidence)) if attempt.call == "delete_module" else _ROOT.filled(path=path)
    yield Finding(
        CODE,
        what,
        CERTAIN if capable is False else UNKNOWN,
        "EPERM",
        tuple(facts),
        "code of a module can do everything",
        "kernel/module/main.c: may_init_module",
        (_SERVICE if uid == 0 else how,),
    )
