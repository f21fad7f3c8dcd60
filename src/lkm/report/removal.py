"""What stands in the way of a removal, in kmod rmmod's words. What they leave out is in report/finding.py."""

from __future__ import annotations

from lkm.report.lsmod import in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.state.nouns import LoadedModule


def obstacle(name: str, module: LoadedModule | None, listed: tuple[str, ...] = (), *, builtin: bool = False) -> str:
    """Return why the kernel need not be asked for a removal, or "".

    ``listed`` gives the order of the holders, see :func:`lkm.report.lsmod.in_order`. ``builtin``: the index says so.

    >>> from lkm.names import ModuleName
    >>> from lkm.state.nouns import LoadedModule
    >>> obstacle("fat", LoadedModule(ModuleName("fat"), 60806, 1, (ModuleName("msdos"),)))
    'Module fat is in use by: msdos'
    """
    if module is None:
        return f"Module {name} is builtin." if builtin else f"Module {name} is not currently loaded"
    if module.holders:
        return f"Module {name} is in use by: {' '.join(in_order(module.holders, listed))}"
    if module.refcount > 0:
        return f"Module {name} is in use"
    if module.refcount < 0 and module.state == "Live":
        return "Module unloading is not supported"
    return ""
