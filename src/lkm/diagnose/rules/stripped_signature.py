"""The module was signed, and its signature is gone: strip(1), or another change of the file, removed it.

A signature stands behind the end of the ELF file. Tools that write an ELF file anew (strip, objcopy, a packer) leave
it out. The module says that it is of the kernel's own tree (``intree=Y``), and the kernel's build signed all of
those: the others are signed. A kernel that enforces signatures answers EKEYREJECTED, one that is locked down EPERM;
others load it and set the taint flag E.

Remedy: install the package again. Strip modules before they are signed (INSTALL_MOD_STRIP=1), never after.
"""

from __future__ import annotations

from lkm.diagnose.evidence import UNSIGNED
from lkm.diagnose.finding import LIKELY, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "stripped-signature"
ERRNOS = ("EKEYREJECTED", "EPERM", "")
REMEDIES = (
    Remedy("install the package again that the module is of"),
    Remedy("see which package that is", "dpkg -S {path}"),
)
_RESTRICTED = ("integrity", "confidentiality")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for an unsigned module of a tree whose others are signed."""
    file, kernel, answered = evidence.file, evidence.kernel, evidence.attempt.errno
    facts = file.facts if file else None
    if file is None or facts is None or facts.signature or file.signature not in ("", UNSIGNED):
        return
    if not facts.values("intree") or answered not in ERRNOS:
        return
    if answered == "EPERM" and not any(line.startswith("Lockdown: ") for line in evidence.attempt.log):
        return
    seen = _signed(evidence)
    if seen is None:
        return
    errno = answered
    if not answered and kernel:
        errno = "EKEYREJECTED" if kernel.sig_enforce else "EPERM" if kernel.lockdown in _RESTRICTED else ""
    yield Finding(
        CODE,
        "its signature was removed, by strip(1) or another change of the file",
        LIKELY,
        errno,
        (Fact("intree=Y, and no signature at its end", file.path), seen),
        "the modules of this kernel were signed when it was built",
        "scripts/Makefile.modinst (CONFIG_MODULE_SIG_ALL)",
        tuple([remedy.filled(path=file.path) for remedy in REMEDIES]),
    )


def _signed(evidence: Evidence) -> Fact | None:
    """Return what tells that the kernel's own modules are signed."""
    kernel, tree = evidence.kernel, evidence.tree
    if kernel and (kernel.config or {}).get("CONFIG_MODULE_SIG_ALL") == "y":
        return Fact("CONFIG_MODULE_SIG_ALL=y", kernel.origin)
    name = next((each for each in sorted(tree.names()) if each != name_of(evidence)), "") if tree else ""
    facts = tree.facts(name) if tree and name else None
    return Fact(f"{name} is signed", tree.path(name)) if tree and facts and facts.signature else None
