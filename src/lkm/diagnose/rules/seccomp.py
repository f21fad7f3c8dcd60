"""A seccomp filter keeps the system call from who asks.

A sandbox (a container's default profile, SystemCallFilter= of a systemd unit) can answer system calls before the
kernel looks at them, mostly with EPERM or ENOSYS, and nothing is logged. Who asks is capable of loading modules
otherwise.

Remedy: ask from outside of the sandbox, or allow the calls in it.
"""

from __future__ import annotations

from lkm.diagnose.evidence import LOADS
from lkm.diagnose.finding import LIKELY, POSSIBLE, RISKY, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "seccomp"
ERRNOS = ("EPERM", "ENOSYS")
CALLS = (*LOADS, "delete_module")
_SEE = Remedy("see the mode: 0 is none, 2 a filter", "grep Seccomp /proc/self/status")
_ALLOW = Remedy("allow it in the sandbox (of a systemd unit: SystemCallFilter=@module)", "", RISKY)
REMEDIES = (_SEE, _ALLOW)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a refusal of who has a filter, where no line of the log tells another reason."""
    mode, attempt, kernel = evidence.caller.seccomp, evidence.attempt, evidence.kernel
    if not mode or attempt.errno not in ERRNOS or attempt.log:
        return
    disabled = kernel.modules_disabled if kernel else None
    other = kernel is not None and (bool(disabled) or kernel.capable is False or kernel.modular is False)
    sure = kernel is not None and bool(kernel.capable) and disabled is False
    yield Finding(
        CODE,
        f"a seccomp filter answers {attempt.call} with {attempt.errno}",
        LIKELY if sure and not other else POSSIBLE,
        attempt.errno,
        (
            Fact(f"Seccomp: {mode}", "/proc/self/status"),
            Fact(f"{attempt.call}: {attempt.errno}, and no line about it", "system call, kernel log"),
        ),
        "a sandbox keeps calls from programs that should not need them",
        "kernel/seccomp.c: __seccomp_filter",
        REMEDIES,
    )
