"""Module directories of Linux 2.4: which ``.o`` files they hold, in the order in which modprobe looks at them."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def find_objects(root: str, paths: Iterable[str], prune: Iterable[str] = ()) -> tuple[str, ...]:
    """Return all ``.o`` files at and below directories of a root, as paths in that root, without repetition.

    Sorted within each directory of ``paths``. Directories and files of a name in ``prune`` are left out right below
    such a directory. Links to directories are followed, but not twice to the same one; what cannot be read is empty.
    """
    base = root.rstrip("/")
    left_out = frozenset(prune)
    found: dict[str, None] = {}
    for path in paths:
        path = "/" + path.strip("/")
        if os.path.isdir(base + path):
            found.update(dict.fromkeys(_below(base, path, left_out)))
    return tuple(found)


def _below(base: str, path: str, prune: frozenset[str]) -> list[str]:
    out = []
    been: set[str] = set()
    for place, directories, names in os.walk(base + path, followlinks=True):
        real = os.path.realpath(place)
        if real in been:
            directories.clear()
            continue
        been.add(real)
        if place == base + path:
            directories[:] = [name for name in directories if name not in prune]
            names = [name for name in names if name not in prune]
        directories.sort()
        out += [os.path.join(place, name)[len(base) :] for name in names if name.endswith(".o")]
    return sorted(out)
