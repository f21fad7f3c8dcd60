"""Another build of the module, or another module of that name, is in the kernel already.

The name that counts is the one inside the file. The kernel answers EEXIST; what is loaded under the name is not what
is in the file: its source version (srcversion) is another, or it came from elsewhere (taint flag O: not from the
kernel's own tree).

Remedy: remove the one that is loaded, then load this one.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, LIKELY, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "name-taken"
ERRNOS = ("EEXIST",)
REMEDIES = (Remedy("remove that one, and load this one", "lkm rmmod {name} && lkm insmod {path}"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when a live module has this name and is not this one."""
    name, file = name_of(evidence), evidence.file
    loaded = evidence.kernel.loaded if evidence.kernel else None
    module = next((m for m in loaded or () if m.name == name and m.state == "Live"), None)
    if module is None or file is None or file.facts is None:
        return
    mine = (file.facts.values("srcversion") or ("",))[0]
    theirs = evidence.srcversion
    own = bool(file.facts.values("intree"))
    if mine and theirs and mine != theirs:
        sure = CERTAIN
        facts = [Fact(f"srcversion={mine}", f"{file.path}: .modinfo"), Fact(theirs, f"/sys/module/{name}/srcversion")]
    elif not (mine and theirs) and own and "O" in module.taint:
        sure = LIKELY
        facts = [
            Fact("intree=Y", f"{file.path}: .modinfo"),
            Fact(f"{name}: taint flags {module.taint}", "/proc/modules"),
        ]
    else:
        return
    yield Finding(
        CODE,
        f"another module named {name} is in the kernel already",
        sure,
        "EEXIST",
        tuple(facts),
        "two modules cannot have one name",
        "kernel/module/main.c: add_unformed_module",
        (REMEDIES[0].filled(name=name, path=file.path),),
    )
