"""Collecting what explains that a name was not found: done only then, so a tool that succeeds pays nothing for it."""

from __future__ import annotations

import os

from lkm.cli import kernels
from lkm.errors import LkmError, NotFound
from lkm.report.absence import Tree, explain_absence
from lkm.system.indexfiles import open_index
from lkm.system.tree import PARENTS, find_modules_dir, list_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def explain(word: str, root: str, release: str) -> tuple[str, ...]:
    """Return lines that say why ``word`` was not found in the module directory of a release below a root."""
    base = os.path.abspath(root).rstrip("/") if root else ""
    try:
        directory = find_modules_dir(base, release)
        exists = True
    except NotFound:
        directory = f"{base}/{PARENTS[0]}/{release}"
        exists = False
    tree = Tree(
        root,
        release,
        directory,
        exists=exists,
        indexed=_has_contents(f"{directory}/modules.dep.bin"),
        has_modules=exists and next(_modules(directory), "") != "",
        others=() if exists else _releases(base),
        loadable=exists or not running_has_none(base, release),
    )
    try:
        return explain_absence(word, tree, [entry.name for entry in open_index(directory).all_modules()])
    except LkmError:  # a broken index, which is reported where it was met
        return ()


def running_has_none(base: str, release: str) -> bool:
    """Tell whether modules of a root and a release would be for the running kernel, and it can load none."""
    if base.strip("/") or release != os.uname().release or not kernels.is_live():
        return False
    return os.path.exists("/proc/version") and not os.path.exists("/proc/modules")


def _has_contents(path: str) -> bool:
    try:
        return os.path.isfile(path) and os.path.getsize(path) > 0
    except OSError:
        return False


def _modules(directory: str) -> Iterator[str]:
    try:
        yield from list_modules(directory)
    except LkmError:
        return


def _releases(base: str) -> tuple[str, ...]:
    for parent in PARENTS:
        try:
            return tuple(sorted(os.listdir(f"{base}/{parent}")))
        except OSError:
            continue
    return ()
