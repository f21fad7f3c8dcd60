"""Module directories on disk: where they are, and which module files they hold."""

from __future__ import annotations

import os

from lkm.errors import NotFound

#: Where a root keeps its module directories, most wanted first. kmod has one of them compiled in.
PARENTS = ("lib/modules", "usr/lib/modules")


def find_modules_dir(root: str, release: str) -> str:
    """Return the absolute path of a kernel release's module directory below ``root`` ("" is "/").

    A root whose ``lib`` is missing, or is an absolute link that leads out of a foreign root, is looked at in
    ``usr/lib``. Raises NotFound.
    """
    base = root.rstrip("/")
    if root and not root.startswith("/"):
        base = f"{os.getcwd().rstrip('/')}/{base}"
    for parent in PARENTS:
        path = f"{base}/{parent}/{release}"
        if os.path.isdir(path):
            return path
    places = " and ".join(f"{base}/{parent}" for parent in PARENTS)
    raise NotFound(f"no module directory for kernel {release}", base or "/", f"looked in {places}")
