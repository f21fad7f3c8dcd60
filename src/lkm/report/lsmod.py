"""The table of loaded modules as kmod's lsmod prints it (tools/lsmod.c)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lkm.state.nouns import LoadedModule

HEADER = "Module                  Size  Used by\n"


def table(modules: Iterable[LoadedModule], listed: Callable[[str], tuple[str, ...]] = lambda _: ()) -> str:
    """Return header and a row a module, in the order given.

    kmod reads size, count and holders of each module from /sys, one file after the other, so its rows can disagree
    with one another. Here all come from one text; ``listed`` gives only the order of several holders: that of the
    directory /sys/module/NAME/holders, which is what kmod prints (the kernel's own order is that of loading).

    >>> from lkm.state.modules import parse_modules
    >>> modules, _ = parse_modules("fat 86016 2 vfat,msdos, Live 0x0")
    >>> print(table(modules), end="")
    Module                  Size  Used by
    fat                    86016  2 vfat,msdos
    >>> print(table(modules, lambda name: ("gone", "msdos", "vfat")), end="")
    Module                  Size  Used by
    fat                    86016  2 msdos,vfat
    """
    rows = [HEADER]
    for module in modules:
        holders: tuple[str, ...] = module.holders
        if len(holders) > 1:
            holders = in_order(holders, listed(module.name))
        users = f" {','.join(holders)}" if holders else ""
        rows.append(f"{module.name:<19} {module.size:8d}  {module.refcount}{users}\n")
    return "".join(rows)


def in_order(holders: tuple[str, ...], listed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the holders in the order in which ``listed`` has them, others last.

    The kernel's /proc/modules lists holders as they were loaded; kmod prints those of the directory
    /sys/module/NAME/holders in that directory's order.

    >>> in_order(("vfat", "new", "msdos"), ("gone", "msdos", "vfat"))
    ('msdos', 'vfat', 'new')
    """
    if len(holders) < 2:
        return holders
    places = {name: place for place, name in enumerate(listed)}
    return tuple(sorted(holders, key=lambda name: places.get(name, len(places))))
