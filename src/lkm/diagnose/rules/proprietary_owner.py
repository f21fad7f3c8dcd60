"""The module is under the GPL, and uses symbols of a proprietary module.

A module that uses symbols for GPL modules only gets none from a proprietary module (so that nobody builds a bridge
between the two). The kernel answers ENOENT and logs ``module using GPL-only symbols uses symbols NAME from
proprietary module OWNER``. A module that uses no GPL-only symbol gets them, and the taint flag P with them.

Remedy: none but another owner of the symbol, or a version of the module that does without.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.symbols import kept_back
from lkm.diagnose.words import some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "proprietary-owner"
ERRNOS = ("ENOENT",)
REMEDIES = (
    Remedy("see which license its owner has", "lkm modinfo -l {owner}"),
    Remedy("take a version of the module that does without {owner}"),
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each proprietary module whose symbols were kept back."""
    groups: dict[str, list[str]] = {}
    for symbol, owner in kept_back(evidence):
        groups.setdefault(owner, []).append(symbol)
    said = any("from proprietary module " in line for line in evidence.attempt.log)
    for owner, symbols in groups.items():
        yield Finding(
            CODE,
            f"it uses {some(symbols)} of {owner}, which is proprietary, together with GPL-only symbols",
            CERTAIN,
            "ENOENT",
            (
                Fact(f"uses {some(symbols)}", evidence.file.path if evidence.file else "kernel log"),
                Fact(f"{owner} is proprietary", "kernel log" if said else "/proc/modules: taint P"),
            ),
            "a module that uses GPL-only symbols must not lead from them to proprietary code",
            "kernel/module/main.c: inherit_taint",
            tuple([remedy.filled(owner=owner) for remedy in REMEDIES]),
        )
