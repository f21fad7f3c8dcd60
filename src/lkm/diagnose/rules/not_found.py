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
from lkm.diagnose.words import name_of, some
from lkm.names import is_module_path, name_from_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "not-found"
ERRNOS = ("ENOENT",)
CALLS = ("lookup",)
_NEAR = Remedy("load {near}", "lkm modprobe {near}")
_OTHER = Remedy("boot kernel {release}, whose tree has it; or install the package for this one")
_NO_TREE = Remedy("install the modules of this kernel, or boot a kernel that has them")
_LIKE = Remedy("look for names that are like it", "grep -i {name} {dep}")
REMEDIES = (_NEAR, _OTHER, _NO_TREE, _LIKE)
#: Longer words are hardware aliases, which nobody mistypes.
_TYPED = 40


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a name that was looked for and is not there."""
    name, tree, kernel = name_of(evidence), evidence.tree, evidence.kernel
    if kernel and name.replace("-", "_") in (kernel.builtin or ()):
        return  # the disease built-in
    known = list(tree.names()) if tree else []
    if name.replace("-", "_") in known:
        return  # the disease bad-index
    alias = len(name) > _TYPED or ":" in name
    near = "" if alias else nearest(name_from_path(name) if is_module_path(name) else name.replace("-", "_"), known)
    facts = [Fact(f"{len(known)} modules, none of them {name}", tree.origin())] if tree else []
    facts += [Fact(f"{name} is there", other.path) for other in evidence.installed if other.path]
    facts += list(evidence.index_faults)
    remedies = [_NEAR.filled(near=near)] if near else []
    has = [other.release for other in evidence.installed if other.path]
    if has:
        remedies.append(_OTHER.filled(release=has[0]))
    if tree is None:
        release = f" {kernel.release}" if kernel and kernel.release else ""
        what = f"{name} is not found: no modules are installed for this kernel{release}"
        what += f", there is no {evidence.index_faults[0].origin}" if evidence.index_faults else ""
        others = [other.release for other in evidence.installed]
        facts += [Fact(f"there are modules for {some(others)}", "/lib/modules")] if others else []
        remedies.append(_NO_TREE)
    else:
        what = f"no module{' answers to' if alias else ' and no alias is named'} {name}"
        what += f"; did you mean '{near}'?" if near else f"; kernel {has[0]} has it" if has else ""
        if not remedies:
            remedies.append(_LIKE.filled(name=name, dep=f"{tree.origin()}/modules.dep"))
    if tree is None and kernel is None:
        facts.append(Fact("the module tree was not looked at", "evidence that is missing"))
    blind = tree is not None and bool(evidence.index_faults)
    yield Finding(
        CODE,
        what,
        LIKELY if blind else UNKNOWN if tree is None and kernel is None else CERTAIN,
        "ENOENT",
        tuple(facts) or (Fact("there is no directory of modules", "/lib/modules"),),
        "modprobe finds modules and aliases by the tree's indexes only",
        "modprobe(8); modules.dep(5)",
        tuple(remedies),
    )
