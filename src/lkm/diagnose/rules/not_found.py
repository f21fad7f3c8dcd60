"""There is no module of that name.

Neither a module of this kernel's tree, nor an alias, nor anything built in has the name. Often it is mistyped, or the
module is in another package or another kernel's tree, or this kernel has no tree at all. kmod says ``Module NAME not
found in directory``. A module of that name was not compiled for this kernel, or was built in: then there is nothing
to load.

Remedy: the right name; install the package that has it; `lkm depmod` after files were added by hand.
"""

from __future__ import annotations

from lkm.config.nearest import nearest
from lkm.diagnose.finding import CERTAIN, LIKELY, UNKNOWN, Fact, Finding, Remedy
from lkm.diagnose.words import name_of, some, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "not-found"
ERRNOS = ("ENOENT",)
CALLS = ("lookup",)
#: Longer words are hardware aliases, which nobody mistypes.
_TYPED = 40


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a name that was looked for and is not there."""
    name, tree, kernel = name_of(evidence), evidence.tree, evidence.kernel
    if kernel and name.replace("-", "_") in (kernel.builtin or ()):
        return  # the disease built-in
    known = list(tree.names()) if tree else []
    alias = len(name) > _TYPED or ":" in name
    near = "" if alias else nearest(name.replace("-", "_"), known)
    facts = [Fact(f"{len(known)} modules, none of them {name}", tree.origin())] if tree else []
    facts += [Fact(f"{name} is there", other.path) for other in evidence.installed if other.path]
    facts += list(evidence.index_faults)
    remedies = [Remedy(f"load {near}", f"lkm modprobe {typed(near)}")] if near else []
    has = [other.release for other in evidence.installed if other.path]
    if has:
        remedies.append(Remedy(f"boot kernel {has[0]}, whose tree has it; or install the package for this one"))
    if tree is None:
        release = f" {kernel.release}" if kernel and kernel.release else ""
        what = f"{name} is not found: no modules are installed for this kernel{release}"
        others = [other.release for other in evidence.installed]
        facts += [Fact(f"there are modules for {some(others)}", "/lib/modules")] if others else []
        remedies.append(Remedy("install the modules of this kernel, or boot a kernel that has them"))
    else:
        what = f"no module{' answers to' if alias else ' and no alias is named'} {name}"
        what += f"; did you mean '{near}'?" if near else f"; kernel {has[0]} has it" if has else ""
        if not remedies:
            remedies.append(Remedy("look for names that are like it", f"grep -i {typed(name)} {_dep(tree.origin())}"))
    blind = tree is not None and bool(evidence.index_faults)
    yield Finding(
        CODE,
        what,
        LIKELY if blind else UNKNOWN if tree is None and kernel is None else CERTAIN,
        "ENOENT",
        tuple(facts) or (Fact("the module tree was not looked at", "evidence that is missing"),),
        "modprobe finds modules and aliases by the tree's indexes only",
        "modprobe(8); modules.dep(5)",
        tuple(remedies),
    )


def _dep(directory: str) -> str:
    return typed(f"{directory}/modules.dep")
