"""Looking for the users of a module that could not be removed: done only then, as it reads all of /proc."""

from __future__ import annotations

from lkm.cli.evidence import index_of
from lkm.cli.kernels import may_change
from lkm.errors import LkmError, MachineError
from lkm.names import fold_alias
from lkm.report.lsmod import in_order
from lkm.report.removal import explain_unload, in_use
from lkm.state.nouns import KernelState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lkm.kernel.interface import Refused, ShownKernel
    from lkm.state.nouns import LoadedModule
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


def why_kept(kernel: ShownKernel, refused: Refused, name: str) -> tuple[tuple[str, ...], Uses | None]:
    """Return lines that say why a module was not removed, by the kernel or (no ``call``) before it was asked; and who
    uses it.
    """
    try:
        state = kernel.state()
    except MachineError:
        state = KernelState()
    module = state.find(name)
    uses = uses_of(kernel, module, state)
    if refused.call or module is None:
        return explain_unload(refused, module, superuser=may_change(kernel), uses=uses), uses
    holders = in_order(module.holders, kernel.holders(name))
    named = (f"it is in use by: {' '.join(holders)}",) if holders else ()
    return (*named, *in_use(module, holders, uses)), uses


def owners_of(kernel: ShownKernel) -> Callable[[str], Sequence[str]]:
    """Return what tells the modules that have an alias, by the indexes of the kernel's modules."""
    index = index_of(kernel)

    def owners(alias: str) -> Sequence[str]:
        try:
            return index.aliases(fold_alias(alias)) if index else ()
        except LkmError:
            return ()

    return owners
