"""The indexes of the module tree are missing, damaged or stale.

depmod(8) writes modules.dep and the other indexes into the tree; modprobe finds modules, aliases and what a module
needs by them alone. When files were added, replaced or removed after that, modprobe loads too few modules (the kernel
then answers ENOENT for symbols), looks for files that are gone, or finds no name at all.

Remedy: run depmod for that kernel.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, LIKELY, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "bad-index"
ERRNOS = ("ENOENT",)
CALLS = ("", "finit_module", "init_module", "lookup", "open")
REMEDIES = (Remedy("index the tree again", "lkm depmod {words}"),)
_TREES = "/lib/modules/"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when something is wrong with the indexes, or they name a file that is gone."""
    faults = list(evidence.index_faults)
    attempt, file = evidence.attempt, evidence.file
    if attempt.call == "open":
        if attempt.errno != "ENOENT" or not faults:
            return
        faults += [Fact("is not there", file.path)] if file else []
    if not faults or (attempt.call == "lookup" and evidence.tree is None):  # nothing is there to be indexed
        return
    directory = evidence.tree.origin() if evidence.tree else ""
    asked = attempt.call != ""
    yield Finding(
        CODE,
        f"the indexes of {directory or 'the module tree'} are not right: {faults[0].text}",
        CERTAIN if attempt.call in ("lookup", "open") else LIKELY,
        "ENOENT" if asked else "",
        tuple(faults),
        "modprobe knows by them what there is and what it needs",
        "depmod(8); modules.dep(5)",
        tuple([remedy.filled(words=_words(directory, evidence)) for remedy in REMEDIES]),
    )


def _words(directory: str, evidence: Evidence) -> list[str]:
    """Return depmod's arguments for a directory as ROOT/lib/modules/RELEASE."""
    root, mark, release = directory.rstrip("/").rpartition(_TREES)
    root = root.removesuffix("/usr")
    if not mark:
        release = evidence.kernel.release if evidence.kernel else ""
    return [*(["-b", root] if root else []), *([release] if release else [])]
