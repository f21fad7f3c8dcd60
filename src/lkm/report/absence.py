"""Why a name was not found, in words: kmod says "not found in directory" whether tree, index or name is missing."""

from __future__ import annotations

from lkm.config.nearest import nearest
from lkm.kernel.interface import NO_MODULES, NO_MODULES_HINT
from lkm.names import is_module_path, name_from_path
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: Longer words are hardware aliases, which nobody mistypes.
_TYPED = 40


class Tree(Record):
    """The module tree that was searched: ``root`` as the user gave it ("" is /), the kernel ``release``.

    ``exists``, ``indexed`` and ``has_modules`` tell whether there is such a directory, whether modules.dep.bin is in
    it and not empty, and whether any module file is. ``others`` are the releases that the root has directories for.
    ``loadable`` is false where the modules would be for the running kernel, which can load none.
    """

    root: str
    release: str
    directory: str
    exists: bool = False
    indexed: bool = False
    has_modules: bool = False
    others: tuple[str, ...] = ()
    loadable: bool = True


def explain_absence(word: str, tree: Tree, names: Iterable[str] = ()) -> tuple[str, ...]:
    """Return lines that say what is missing and what to do; ``names`` are all modules of the tree.

    >>> explain_absence("msods", Tree("", "6.1", "/lib/modules/6.1", True, True, True), ("fat", "msdos"))
    ("no module and no alias of this tree has that name; did you mean 'msdos'?",)
    >>> print("\\n".join(explain_absence("fat", Tree("/r", "6.1", "/r/lib/modules/6.1", True, False, True))))
    the tree has no index (modules.dep.bin)
    cure: `lkm depmod -b /r 6.1`
    """
    if not tree.exists:
        lines = [f"{tree.directory} does not exist: no modules are installed for kernel {tree.release}"]
        if tree.others:
            lines.append(f"there are modules for {', '.join(tree.others)}; -S VERSION or -k VERSION chooses")
        if not tree.loadable:
            lines += [NO_MODULES, NO_MODULES_HINT]
        return tuple(lines)
    if not tree.indexed:
        if not tree.has_modules:
            return (f"{tree.directory} holds no module files and no index",)
        root = f"-b {tree.root} " if tree.root else ""
        return ("the tree has no index (modules.dep.bin)", f"cure: `lkm depmod {root}{tree.release}`")
    typed = name_from_path(word) if is_module_path(word) else word.replace("-", "_")
    near = "" if len(typed) > _TYPED or ":" in typed else nearest(typed, names)
    return ("no module and no alias of this tree has that name" + (f"; did you mean '{near}'?" if near else ""),)
