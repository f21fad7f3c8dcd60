"""The module that was to be removed is not in the kernel.

No module of that name is loaded; the kernel answers ENOENT. It knows modules by the names inside the files, with
underscores, and knows no aliases. What is built in is no module, and cannot be removed.

Remedy: nothing, if it was to be gone; otherwise the right name: `lkm lsmod` lists them.
"""

from __future__ import annotations

from lkm.config.nearest import nearest
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "not-loaded"
ERRNOS = ("ENOENT",)
CALLS = ("delete_module",)
REMEDIES = (Remedy("see which are loaded", "lkm lsmod"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a name that /proc/modules has not."""
    name, kernel, tree = name_of(evidence), evidence.kernel, evidence.tree
    loaded = kernel.loaded if kernel else None
    known = [str(module.name) for module in loaded or ()]
    if name in known or (loaded is None and evidence.attempt.errno != "ENOENT"):
        return
    if kernel and name in (kernel.builtin or ()):
        what = f"{name} is part of the kernel itself, and stays"
        facts = [Fact(name, f"{kernel.origin}: modules.builtin")]
    else:
        near = nearest(name, known)
        what = f"no module named '{name}' is loaded" + (f"; did you mean '{near}'?" if near else "")
        seen = Fact("no such line", "/proc/modules")
        facts = [seen if loaded is not None else Fact("delete_module: ENOENT", "system call")]
        facts += [Fact(f"{name} is there to be loaded", tree.path(name))] if tree and tree.path(name) else []
    yield Finding(
        CODE,
        what,
        CERTAIN,
        "ENOENT",
        tuple(facts),
        "the kernel finds modules by their names alone",
        "kernel/module/main.c: delete_module",
        REMEDIES,
    )
