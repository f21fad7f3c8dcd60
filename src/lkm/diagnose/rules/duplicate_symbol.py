"""The module exports a symbol that somebody else exports already.

Two drivers for the same thing, or the same module under another name. The kernel answers ENOEXEC and logs ``exports
duplicate symbol NAME (owned by OWNER)``.

Remedy: remove the other module first.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.loglines import between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "duplicate-symbol"
ERRNOS = ("ENOEXEC",)
_REMOVE = Remedy("remove {owner} first", "lkm modprobe -r {owner}")
_WITHOUT = Remedy("do without it: what the kernel exports itself cannot be removed")
REMEDIES = (_REMOVE, _WITHOUT)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a symbol that the kernel or a loaded module has."""
    file, kernel = evidence.file, evidence.kernel
    facts = file.facts if file else None
    said = between(evidence.attempt.log, f"{evidence.name}: exports duplicate symbol ", ")")
    symbol, _, owner = said[0].partition(" (owned by ") if said else ("", "", "")
    if not said and facts and kernel and kernel.exports:
        symbol = next((export.name for export in facts.exports if export.name in kernel.exports), "")
        owner = "kernel"
    if not symbol:
        return
    remedy = _REMOVE.filled(owner=owner) if owner != "kernel" else _WITHOUT
    yield Finding(
        CODE,
        f"it exports {symbol}, as does {'the kernel' if owner == 'kernel' else owner}",
        CERTAIN,
        "ENOEXEC",
        (
            Fact(f"exports {symbol}", f"{file.path}: __ksymtab" if file else "kernel log"),
            Fact(f"owned by {owner}", "kernel log" if said else "kernel"),
        ),
        "a symbol has one owner",
        "kernel/module/main.c: verify_exported_symbols",
        (remedy,),
    )
