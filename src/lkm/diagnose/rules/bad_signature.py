"""The file was changed after it was signed.

Its signature does not fit its contents: a byte was changed, or something was inserted before the signature. The
kernel answers EKEYREJECTED and logs nothing, even where signatures are not enforced: an unsigned module may be let
in, one with a wrong signature never is.

Remedy: take the file again from its source; if the change was meant, remove the old signature and sign again.
"""

from __future__ import annotations

from lkm.diagnose.evidence import BAD
from lkm.diagnose.finding import CERTAIN, LIKELY, RISKY, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "bad-signature"
ERRNOS = ("EKEYREJECTED",)
_AGAIN = Remedy("install the package again, or copy the file again")
_STRIP = Remedy("if the change was meant: remove the signature, and sign anew", "strip --strip-debug {path}", RISKY)
REMEDIES = (_AGAIN, _STRIP)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when verification has shown that file and signature do not fit, or the answer means that."""
    file, attempt = evidence.file, evidence.attempt
    signature = file.facts.signature if file and file.facts else None
    # Of the two that answer so, the other one (enforcement) always says so in the log.
    answered = attempt.errno == "EKEYREJECTED" and attempt.complete and not attempt.log and signature is not None
    if file is None or (file.signature != BAD and not (answered and not file.signature)):
        return
    signer = signature.signer if signature else ""
    verified = file.signature == BAD
    fact = Fact(f"the signature of '{signer}' does not fit the contents", file.path)
    if not verified:
        fact = Fact("EKEYREJECTED, and no line about it", f"{attempt.call}, kernel log")
    yield Finding(
        CODE,
        "it was changed after it was signed",
        CERTAIN if verified else LIKELY,
        "EKEYREJECTED",
        (fact,),
        "a signature that does not fit is refused even where none is asked for",
        "kernel/module/signing.c: module_sig_check",
        (_AGAIN, _STRIP.filled(path=file.path)),
    )
