"""Looking for the users of a module that could not be removed: done only then, as it reads all of /proc."""

from __future__ import annotations

from lkm.errors import LkmError
from lkm.names import fold_alias
from lkm.system.indexfiles import open_index
from lkm.system.tree import modules_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lkm.kernel.interface import ShownKernel
    from lkm.state.nouns import KernelState, LoadedModule
    from lkm.state.users import Uses


def uses_of(kernel: ShownKernel, module: LoadedModule | None, state: KernelState) -> Uses | None:
    """Return who uses a module and those that hold it, as far as other users than modules are counted; or None."""
    if module is None:
        return None
    names: dict[str, None] = {}
    left = [module]
    seen = set()
    while left:
        one = left.pop()
        if one.name in seen:
            continue
        seen.add(one.name)
        if one.refcount > len(one.holders):
            names[one.name] = None
        left += [held for name in one.holders if (held := state.find(name)) is not None]
    return kernel.uses(tuple(names), owners_of(kernel)) if names else None


def all_uses(kernel: ShownKernel, state: KernelState) -> Uses:
    """Return who uses each loaded module, besides other modules.

    The network interfaces that a driver has are not counted by the kernel, and are told all the same; what else is
    found of a module that nobody uses is another's.
    """
    counted = {module.name for module in state.modules if module.refcount > len(module.holders)}
    found = kernel.uses([module.name for module in state.modules], owners_of(kernel))
    pairs = [
        (name, tuple([user for user in users if name in counted or user.kind == "interface"]))
        for name, users in found.pairs
    ]
    return found._replace(pairs=tuple([pair for pair in pairs if pair[1]]))


def owners_of(kernel: ShownKernel) -> Callable[[str], Sequence[str]]:
    """Return what tells the modules that have an alias, by the indexes of the kernel's modules."""
    index = open_index(modules_dir(kernel.root(), kernel.release()))

    def owners(alias: str) -> Sequence[str]:
        try:
            return index.aliases(fold_alias(alias))
        except LkmError:
            return ()

    return owners
