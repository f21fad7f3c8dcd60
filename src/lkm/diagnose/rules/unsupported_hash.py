"""The module is signed with an algorithm that this kernel does not have.

The hash (or the kind of signature) is one that the kernel was built without: SHA-3 before 6.7, or SHA-512 without
CONFIG_CRYPTO_SHA512. It cannot look at the signature, so the module counts as one without: where signatures are
enforced the kernel answers EKEYREJECTED and logs ``Loading of module with unsupported crypto is rejected``; locked
down it answers EPERM. Others load it and set the taint flag E.

Remedy: sign it again, with the hash of the kernel's own modules.
"""

from __future__ import annotations

from lkm.diagnose.evidence import UNSUPPORTED
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.words import build_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "unsupported-hash"
ERRNOS = ("EKEYREJECTED", "EPERM")
REMEDIES = (
    Remedy("see which the kernel's own modules have", "lkm modinfo -F sig_hashalgo loop"),
    Remedy(
        "sign it again with the key of DKMS, once that is enrolled (the headers' package has the program)",
        "{build}/scripts/sign-file sha256 /var/lib/dkms/mok.key /var/lib/dkms/mok.pub {path}",
    ),
)
_REJECTED = "Loading of module with unsupported crypto is rejected"
_RESTRICTED = ("integrity", "confidentiality")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the kernel has said so, or could not verify the signature and takes no other."""
    file, kernel, log = evidence.file, evidence.kernel, evidence.attempt.log
    said = _REJECTED in log
    mine = file is not None and file.signature == UNSUPPORTED
    locked = any(line.startswith("Lockdown: ") and "unsigned module loading" in line for line in log)
    if mine and not evidence.attempt.errno and kernel:
        locked = not kernel.sig_enforce and kernel.lockdown in _RESTRICTED
        if not locked and not kernel.sig_enforce:
            return
    elif not said and not (mine and locked):
        return
    signature = file.facts.signature if file and file.facts else None
    how = f"sig_hashalgo={signature.hash_algorithm}" if signature else "its signature is of another kind"
    named = f" ({signature.hash_algorithm})" if signature else ""
    yield Finding(
        CODE,
        f"it is signed by an algorithm{named} that this kernel does not have",
        CERTAIN,
        "EPERM" if locked and not said else "EKEYREJECTED",
        (
            Fact(how, file.path if file else "the file"),
            Fact(_REJECTED, "kernel log")
            if said
            else Fact("cannot verify it", kernel.origin if kernel else "kernel log"),
        ),
        "a signature that cannot be looked at counts as none",
        "kernel/module/signing.c: module_sig_check; crypto/asymmetric_keys/pkcs7_parser.c",
        tuple([remedy.filled(build=build_of(evidence), path=file.path if file else "") for remedy in REMEDIES]),
    )
