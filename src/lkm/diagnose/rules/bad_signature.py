"""The file was changed after it was signed.

Its signature does not fit its contents: a byte was changed, or something was inserted before the signature. The
kernel answers EKEYREJECTED and logs nothing, even where signatures are not enforced: an unsigned module may be let
in, one with a wrong signature never is.

Remedy: take the file again from its source; if the change was meant, remove the old signature and sign again.
"""

from __future__ import annotations

from lkm.diagnose.evidence import BAD
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "bad-signature"
ERRNOS = ("EKEYREJECTED",)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when verification has shown that file and signature do not fit."""
    file = evidence.file
    if file is None or file.signature != BAD:
        return
    signer = file.facts.signature.signer if file.facts and file.facts.signature else ""
    yield Finding(
        CODE,
        "it was changed after it was signed",
        CERTAIN,
        "EKEYREJECTED",
        (Fact(f"the signature of '{signer}' does not fit the contents", file.path),),
        "a signature that does not fit is refused even where none is asked for",
        "kernel/module/signing.c: module_sig_check",
        (
            Remedy("install the package again, or copy the file again"),
            Remedy(
                "if the change was meant: remove the signature, and sign anew", f"strip --strip-debug {file.path}"
            ),
        ),
    )
