"""Who asks is in a container, which may not load modules.

A container (Docker, Podman, LXC, systemd-nspawn) shares the kernel of its host, and is mostly given no
CAP_SYS_MODULE: a module would be loaded for all. Its root cannot take that capability. The kernel answers EPERM and
logs nothing.

Remedy: load the module on the host; the container has it then.
"""

from __future__ import annotations

from lkm.diagnose.evidence import LOADS
from lkm.diagnose.finding import CERTAIN, POSSIBLE, RISKY, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "container"
ERRNOS = ("EPERM",)
CALLS = (*LOADS, "delete_module")
REMEDIES = (
    Remedy("on the host, as root (the container uses it then)", "lkm modprobe {name}"),
    Remedy("give the container the capability (with Docker: --cap-add SYS_MODULE): it can do all then", "", RISKY),
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when something says that the caller is in a container, and it lacks the capability."""
    seen = evidence.caller.container
    capable = evidence.kernel.capable if evidence.kernel else None
    if not seen or capable or (capable is None and not evidence.attempt.errno):
        return
    if evidence.caller.uid > 0:  # who is not root has to be that first: the disease not-allowed
        return
    yield Finding(
        CODE,
        "who asks is in a container that may not load modules",
        CERTAIN if capable is False else POSSIBLE,
        "EPERM",
        (
            Fact(seen, "the container"),
            Fact("no CAP_SYS_MODULE", "/proc/self/status: CapEff")
            if capable is False
            else Fact("whether it has CAP_SYS_MODULE is not known", "evidence that is missing"),
        ),
        "all containers and their host have one kernel",
        "kernel/module/main.c: may_init_module",
        tuple([remedy.filled(name=name_of(evidence)) for remedy in REMEDIES]),
    )
