"""The kernel is locked down, and takes only modules that are signed by a key that it trusts.

With lockdown (``lockdown=integrity`` or ``confidentiality`` on the command line, or a distribution's kernel that was
booted with Secure Boot) not even root may change the running kernel. To a module without a trusted signature the
kernel answers EPERM and logs ``Lockdown: COMMAND: unsigned module loading is restricted``. It cannot be taken back
until the next boot.

Remedy: sign the module and enroll the key; Secure Boot can be switched off in the firmware's setup.
"""

from __future__ import annotations

from lkm.diagnose.evidence import GOOD
from lkm.diagnose.finding import CERTAIN, RISKY, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "lockdown"
ERRNOS = ("EPERM",)
_STATE = Remedy("see how far it is locked down", "cat /sys/kernel/security/lockdown")
_BOOT = Remedy("see whether Secure Boot is on", "mokutil --sb-state")
_OFF = Remedy("switch Secure Boot off in the firmware's setup, or boot without lockdown=", "", RISKY)
REMEDIES = (_STATE, _BOOT, _OFF)
_RESTRICTED = ("integrity", "confidentiality")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when lockdown is the reason for which a signature is asked for."""
    kernel, file, attempt = evidence.kernel, evidence.file, evidence.attempt
    line = next((line for line in attempt.log if line.startswith("Lockdown: ") and "is restricted" in line), "")
    level = kernel.lockdown if kernel else ""
    foreseen = not attempt.errno and level in _RESTRICTED and file is not None and file.signature not in ("", GOOD)
    if not line and not (foreseen and kernel and not kernel.sig_enforce):
        return
    facts = [Fact(line, "kernel log")] if line else []
    facts += [Fact(f"lockdown: {level}", "/sys/kernel/security/lockdown")] if level in _RESTRICTED else []
    boot = kernel.secure_boot if kernel else None
    facts += (
        [Fact(f"Secure Boot is {'on' if boot else 'off'}", "/sys/firmware/efi/efivars")] if boot is not None else []
    )
    what = line.partition(": ")[2].partition(": ")[2].partition(" is restricted")[0] or "unsigned module loading"
    yield Finding(
        CODE,
        f"the kernel is locked down{', as Secure Boot is on' if boot else ''}: {what} is restricted",
        CERTAIN,
        "EPERM",
        tuple(facts),
        "not even root may put code of unknown origin into this kernel",
        "security/lockdown/lockdown.c: lockdown_is_locked_down",
        (_STATE, *([_BOOT] if boot is not False else []), _OFF),
    )
