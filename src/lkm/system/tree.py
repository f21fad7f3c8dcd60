"""Module directories on disk: where they are, and which module files they hold."""

from __future__ import annotations

import os

from lkm.errors import MachineError, NotFound
from lkm.names import is_module_path
from lkm.system.files import machine_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def newest_release(root: str) -> str:
    """Return the newest release that a foreign root has a module directory for, "" where it has none."""
    places = [f"{root.rstrip('/')}/{parent}" for parent in PARENTS]
    found = [name for place in filter(os.path.isdir, places) for name in sorted(os.listdir(place))]
    known = [name for name in found if any(os.path.isdir(f"{place}/{name}") for place in places)]
    return max(known, key=_version, default="")


def _version(release: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts releases by the numbers in them.

    >>> sorted(["6.10.1", "6.9", "6.1-rt"], key=_version)
    ['6.1-rt', '6.9', '6.10.1']
    """
    words = "".join([c if c.isascii() and c.isdigit() else f" {c} " for c in release]).split()
    return tuple([(int(word), "") if word.isdigit() and word.isascii() else (-1, word) for word in words])


def modules_dir(root: str, release: str) -> str:
    """Return the path of a module directory as ``find_modules_dir`` does, or where it would be."""
    try:
        return find_modules_dir(root, release)
    except NotFound:
        base = os.path.abspath(root) if root else ""
        return f"{base.rstrip('/')}/{PARENTS[0]}/{release}"


def list_modules(
    directory: str, excludes: tuple[str, ...] = (), complain: Callable[[MachineError], None] | None = None
) -> Iterator[str]:
    """Yield the paths of all module files at and below a directory, in the order in which readdir(3) gives them.

    Directories of a name in ``excludes`` are passed over. Links are followed, but not around in a circle. What cannot
    be looked at goes to ``complain``; a ``directory`` that cannot be read raises MachineError.
    """
    try:
        with os.scandir(directory) as entries:
            yield from _walk(entries, excludes, complain or (lambda _: None), directory)
    except OSError as e:
        raise machine_error(e, directory) from e


def _walk(
    entries: Iterator[os.DirEntry[str]], excludes: tuple[str, ...], complain: Callable[[MachineError], None], top: str
) -> Iterator[str]:
    for entry in entries:
        path = entry.path
        try:
            if entry.is_dir():
                if entry.name in excludes or (entry.is_symlink() and _is_circle(path, top)):
                    continue
                with os.scandir(path) as below:
                    yield from _walk(below, excludes, complain, top)
            elif is_module_path(entry.name):
                if entry.is_file():
                    yield path
                elif entry.is_symlink():
                    entry.stat()  # raises what is wrong with it
        except OSError as e:
            complain(machine_error(e, path))


def _is_circle(link: str, top: str) -> bool:
    """Tell whether a link leads to one of the directories above it."""
    target = os.path.realpath(link)
    above = link
    while above != top and above != "/":
        above = os.path.dirname(above)
        if os.path.realpath(above) == target:
            return True
    return False
