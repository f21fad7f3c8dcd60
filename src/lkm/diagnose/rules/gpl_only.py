"""The module uses symbols that are for GPL modules only.

A module whose license is not compatible with the GPL gets no symbol that is exported by EXPORT_SYMBOL_GPL. To the
kernel such a symbol is as if it were not there: it answers ENOENT and logs ``Unknown symbol NAME (err -2)``.

Remedy: none but a module with a compatible license; MODULE_LICENSE must tell the truth.
"""

from __future__ import annotations

from lkm.diagnose.evidence import find_export
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "gpl-only"
ERRNOS = ("ENOENT",)
REMEDIES = (Remedy("ask its author for a module that does without them, or under a compatible license"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when needed symbols are GPL-only and the license is none of the compatible ones."""
    file = evidence.file
    facts = file.facts if file else None
    if file is None or facts is None:
        return
    if facts.gpl_compatible:
        return
    license_ = (facts.values("license") or ("unspecified",))[0]
    found = [(need.name, find_export(evidence, need.name)) for need in facts.needs]
    symbols = [symbol for symbol, export in found if export and export[1].gpl_only]
    if not symbols:
        return
    many = "a symbol" if len(symbols) == 1 else f"{len(symbols)} symbols"
    shown = ", ".join(symbols[:6]) + (f" and {len(symbols) - 6} more" if len(symbols) > 6 else "")
    owner = next(export[0] for symbol, export in found if export and symbol in symbols)
    yield Finding(
        CODE,
        f"its license is '{license_}', and it uses {many} for GPL modules only",
        CERTAIN,
        "ENOENT",
        (Fact(f"license={license_}", f"{file.path}: .modinfo"), Fact(f"GPL only: {shown}", owner)),
        "who exported them allows their use by GPL-compatible modules only",
        "kernel/module/main.c: find_symbol",
        REMEDIES,
    )
