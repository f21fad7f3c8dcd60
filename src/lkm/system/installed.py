"""The other kernels whose modules are on a root: looked for when a module was not found, or is another kernel's."""

from __future__ import annotations

import os

from lkm.diagnose.evidence import Installed
from lkm.errors import LkmError
from lkm.system.moduletree import IndexedTree


def installed(directory: str, name: str) -> tuple[Installed, ...]:
    """Return the kernels beside the one of a directory as /lib/modules/RELEASE, and their files of a module."""
    parent, _, own = directory.rstrip("/").rpartition("/")
    found = []
    for release in _directories(parent):
        if release == own:
            continue
        tree = IndexedTree(f"{parent}/{release}")
        path = tree.path(name)
        any_ = path or next((tree.path(each) for each in tree.names()), "")
        found.append(Installed(release, f"{parent}/{release}", _vermagic(any_), path))
    return tuple(found)


def _directories(parent: str) -> list[str]:
    try:
        return sorted([name for name in os.listdir(parent) if os.path.isdir(f"{parent}/{name}")])
    except OSError:
        return []


def _vermagic(path: str) -> str:
    from lkm.modfile.scan import scan
    from lkm.system.files import open_source

    try:
        with open_source(path) as source:
            records = scan(source).modinfo
    except LkmError:
        return ""
    return next((record[9:].decode("utf-8", "replace") for record in records if record.startswith(b"vermagic=")), "")
