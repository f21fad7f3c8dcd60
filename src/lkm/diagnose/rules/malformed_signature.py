"""What stands in the place of the signature cannot be read.

The file ends with the mark ``~Module signature appended~``, but what is before it is no signature. The kernel
answers EBADMSG and logs nothing, even where signatures are not enforced.

Remedy: take the file again from its source, or remove the signature and sign again.
"""

from __future__ import annotations

from lkm.diagnose.evidence import MALFORMED
from lkm.diagnose.finding import CERTAIN, RISKY, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "malformed-signature"
ERRNOS = ("EBADMSG",)
REMEDIES = (
    Remedy("install the package again, or copy the file again"),
    Remedy("remove what is no signature", "strip --strip-debug {path}", RISKY),
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a signature that cannot be read."""
    file = evidence.file
    if file is None or file.signature != MALFORMED:
        return
    yield Finding(
        CODE,
        "its signature cannot be read",
        CERTAIN,
        "EBADMSG",
        (Fact("ends with the mark of a signature, with none before it", file.path),),
        "the kernel reads it as PKCS#7 and cannot",
        "kernel/module/signing.c: mod_verify_sig; crypto/asymmetric_keys/pkcs7_parser.c",
        tuple([remedy.filled(path=file.path) for remedy in REMEDIES]),
    )
