"""The key that signed the module has expired, or was revoked.

A key in the kernel's keyrings can have an end (keyctl timeout), or be revoked: then it verifies nothing any more. The
kernel answers EKEYEXPIRED or EKEYREVOKED, even where signatures are not enforced, and logs nothing. The dates in a
certificate are something else: since 4.3 the kernel does not look at them, so a module that was signed with a
certificate that is out of date loads.

Remedy: a module that is signed with a key that is valid.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "expired-key"
ERRNOS = ("EKEYEXPIRED", "EKEYREVOKED")
REMEDIES = (
    Remedy("see the keys of the kernel, and which have expired", "cat /proc/keys"),
    Remedy("install a newer package of the module, or sign it with a key that is valid"),
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the kernel has answered so: nothing else tells it."""
    file, errno = evidence.file, evidence.attempt.errno
    if errno not in ERRNOS:
        return
    signature = file.facts.signature if file and file.facts else None
    facts = [Fact(f"{evidence.attempt.call}: {errno}", "system call")]
    facts += [Fact(f"sig_key={signature.key_id.hex(':')}", file.path)] if signature and file else []
    by = f" of '{signature.signer}'" if signature else ""
    yield Finding(
        CODE,
        f"the key{by} that signed it {'has expired' if errno == 'EKEYEXPIRED' else 'was revoked'}",
        CERTAIN,
        errno,
        tuple(facts),
        "a key that is not valid any more verifies nothing",
        "kernel/module/signing.c: mod_verify_sig; security/keys/permission.c: key_validate",
        REMEDIES,
    )
