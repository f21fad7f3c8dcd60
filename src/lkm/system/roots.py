"""Opening the indexes of several roots as one: a system and its extensions, each with modules below its own root."""

from __future__ import annotations

import os

from lkm.errors import MachineError, NotFound
from lkm.index.merged import MergedIndex
from lkm.modfile.scan import scan
from lkm.origin import Origin, Problem
from lkm.system.files import open_source
from lkm.system.indexfiles import open_index
from lkm.system.tree import find_modules_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def open_roots(directory: str, release: str, roots: Sequence[str]) -> tuple[MergedIndex, tuple[Problem, ...]]:
    """Return the indexes of a module directory and of those for a release below more roots, the strongest last.

    A root without modules for this kernel, or with modules and no index, is a problem. Raises MachineError (ENOTDIR
    or ENOENT) for one that is no directory.
    """
    problems = []
    directories = [directory]
    for root in roots:
        if not os.path.isdir(root):
            number = 20 if os.path.exists(root) else 2
            raise MachineError(os.strerror(number), root, number, "--extra-root wants a root, with lib/modules in it")
        try:
            more = find_modules_dir(root, release)
        except NotFound as error:
            problems.append(Problem(Origin(root), error.what, hint=error.hint))
            continue
        if not os.path.exists(f"{more}/modules.dep.bin"):
            problems.append(Problem(Origin(more), f"has no index: run depmod -b {root} {release}"))
        if not [known for known in directories if _same(known, more)]:
            directories.append(more)
    return MergedIndex([open_index(each) for each in directories], os.path.exists, lacks), tuple(problems)


def lacks(path: str) -> list[str]:
    """Return the symbols that a module file needs from others; raises LkmError when it cannot be read."""
    with open_source(path) as source:
        facts = scan(source)
    return [name.decode("utf-8", "surrogateescape") for name in facts.needs if name not in facts.weak]


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
