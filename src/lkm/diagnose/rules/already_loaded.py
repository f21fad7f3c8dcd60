"""A module of that name is in the kernel already.

The name that counts is the one inside the file, not the file's. The kernel answers EEXIST.

Remedy: nothing, if it is the same; otherwise remove the other one first.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "already-loaded"
ERRNOS = ("EEXIST",)
REMEDIES = (Remedy("remove that one first, if this is another", "lkm rmmod {name}"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when a module of this name is live."""
    from lkm.diagnose.rules import name_taken

    facts = evidence.file.facts if evidence.file else None
    if facts is None:
        return
    loaded = evidence.kernel.loaded if evidence.kernel else None
    if list(name_taken.find(evidence)):
        return
    there = any(module.name == facts.name and module.state == "Live" for module in loaded or ())
    if not there and evidence.attempt.errno != "EEXIST":
        return
    yield Finding(
        CODE,
        f"a module named {facts.name} is in the kernel already",
        CERTAIN,
        "EEXIST",
        (Fact(facts.name, "/proc/modules" if there else f"{evidence.attempt.call}: EEXIST"),),
        "two modules cannot have one name",
        "kernel/module/main.c: add_unformed_module",
        (REMEDIES[0].filled(name=facts.name),),
    )
