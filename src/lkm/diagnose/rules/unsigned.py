"""The module has no signature, and this kernel takes none without.

A kernel with module.sig_enforce=1 (CONFIG_MODULE_SIG_FORCE) answers EKEYREJECTED and logs ``Loading of unsigned
module is rejected``; one that is locked down (mostly for Secure Boot) answers EPERM and logs ``Lockdown: COMMAND:
unsigned module loading is restricted``. Others load it and set the taint flag E. strip(1) removes a signature, as
does any change of the file that copies only its ELF part. With flags that ignore versions (modprobe --force) no
signature counts.

Remedy: sign it with a key that this kernel trusts (a MOK).
"""

from __future__ import annotations

from lkm.diagnose.evidence import UNSIGNED
from lkm.diagnose.finding import CERTAIN, RISKY, Fact, Finding, Remedy
from lkm.diagnose.words import build_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "unsigned"
ERRNOS = ("EKEYREJECTED", "EPERM")
_SIGN = Remedy(
    "sign it with the key of DKMS, once that is enrolled (the headers' package has the program)",
    "{build}/scripts/sign-file sha256 /var/lib/dkms/mok.key /var/lib/dkms/mok.pub {path}",
)
_BOOT = Remedy("boot without {what} to try {name}", "", RISKY)
REMEDIES = (_SIGN, _BOOT)
_REJECTED = "Loading of unsigned module is rejected"
_RESTRICTED = ("integrity", "confidentiality")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for an unsigned module where the kernel enforces signatures."""
    file, kernel, log = evidence.file, evidence.kernel, evidence.attempt.log
    if file is None:
        return
    said = _REJECTED in log
    locked = any(line.startswith("Lockdown: ") and "unsigned module loading" in line for line in log)
    facts = file.facts
    bare = file.signature == UNSIGNED or (facts is not None and facts.signature is None and not file.signature)
    enforced = said
    if not evidence.attempt.errno and kernel and bare:
        enforced, locked = bool(kernel.sig_enforce), kernel.lockdown in _RESTRICTED
    if not said and not (bare and (enforced or locked)):
        return
    who = "module.sig_enforce is set" if enforced else "the kernel is locked down"
    name = file.facts.name if file.facts else file.path
    yield Finding(
        CODE,
        f"it has no signature{'' if bare else ' that counts'}, and {who}",
        CERTAIN,
        "EKEYREJECTED" if enforced else "EPERM",
        (
            Fact("no signature at its end" if bare else "read as one without a signature", file.path),
            Fact(who, "kernel log" if log else kernel.origin if kernel else ""),
        ),
        "only modules with a trusted signature are let in",
        "kernel/module/signing.c: module_sig_check",
        (
            _SIGN.filled(build=build_of(evidence), path=file.path),
            _BOOT.filled(what="module.sig_enforce=1" if enforced else "Secure Boot, or without lockdown=", name=name),
        ),
    )
