"""The module is signed with a key that this kernel does not know.

It was signed for another kernel build (each has a key of its own), or with a key of one's own that is not enrolled.
With module.sig_enforce=1 the kernel answers EKEYREJECTED and logs ``Loading of module with unavailable key is
rejected``; locked down it answers EPERM. Others load it and set the taint flag E.

Remedy: enroll the key (as a MOK), or take the module of this kernel.
"""

from __future__ import annotations

from lkm.diagnose.evidence import UNKNOWN_KEY
from lkm.diagnose.finding import CERTAIN, LIKELY, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "unknown-key"
ERRNOS = ("EKEYREJECTED", "ENOKEY", "EPERM")
REMEDIES = (
    Remedy("see which keys are enrolled", "mokutil --list-enrolled"),
    Remedy(
        "if DKMS signed it here: enroll its key; it asks for a password", "mokutil --import /var/lib/dkms/mok.pub"
    ),
)
_RESTRICTED = ("integrity", "confidentiality")
_REJECTED = "Loading of module with unavailable key is rejected"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a signature of an unknown key where the kernel enforces signatures."""
    file, kernel, log = evidence.file, evidence.kernel, evidence.attempt.log
    if file is None or file.facts is None or file.facts.signature is None:
        return
    said = _REJECTED in log
    locked = any(line.startswith("Lockdown: ") and "unsigned module loading" in line for line in log)
    strict = kernel is not None and (bool(kernel.sig_enforce) or kernel.lockdown in _RESTRICTED)
    if not said and not locked and not (file.signature == UNKNOWN_KEY and strict and not evidence.attempt.errno):
        return
    signature = file.facts.signature
    yield Finding(
        CODE,
        f"it is signed by '{signature.signer}', with a key that this kernel does not trust",
        CERTAIN if said or file.signature == UNKNOWN_KEY else LIKELY,
        "EPERM" if locked or (not said and not (kernel and kernel.sig_enforce)) else "EKEYREJECTED",
        (
            Fact(f"sig_key={signature.key_id.hex(':')}", file.path),
            Fact("no such key" if not said else _REJECTED, "kernel log" if said or not kernel else kernel.origin),
        ),
        "only modules with a trusted signature are let in",
        "kernel/module/signing.c: module_sig_check",
        REMEDIES,
    )
