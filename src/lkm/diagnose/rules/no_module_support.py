"""The kernel cannot load modules at all.

It was built without CONFIG_MODULES, or a sandbox (gVisor, seccomp) has no such system call: it answers ENOSYS.

Remedy: another machine; `lkm lab run` loads a module in a throwaway kernel, `lkm sim` in a simulated one.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "no-module-support"
ERRNOS = ("ENOSYS",)
REMEDIES = (
    Remedy("try the module in a throwaway kernel", "lkm lab run -- lkm modprobe {name}"),
    Remedy("or in a simulated one", "lkm sim new trial.world --release 6.1.0"),
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the system call does not exist."""
    attempt = evidence.attempt
    config = evidence.kernel.config if evidence.kernel else None
    if attempt.errno == "ENOSYS":
        fact = Fact(f"{attempt.call}: ENOSYS", "system call")
    elif config and config.get("CONFIG_MODULES", "n") == "n":
        fact = Fact("CONFIG_MODULES is not set", "config")
    elif evidence.kernel and evidence.kernel.modular is False:
        fact = Fact("there is no /proc/modules", "/proc")
    else:
        return
    yield Finding(
        CODE,
        "this kernel cannot load modules at all",
        CERTAIN,
        "ENOSYS",
        (fact,),
        "it was built without CONFIG_MODULES, or a sandbox keeps the call from it",
        "kernel/module/main.c (init/Kconfig: MODULES)",
        tuple([remedy.filled(name=name_of(evidence) or "loop") for remedy in REMEDIES]),
    )
