"""Reading /etc/modules.conf of modutils 2.4, and the files that it names, below a root."""

from __future__ import annotations

import os

from lkm.config.modulesconf import read_conf
from lkm.errors import LkmError
from lkm.origin import Origin, Problem
from lkm.system.files import read_text
from lkm.system.fileset import RECORD, pending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from lkm.config.nouns24 import Conf24

#: The configuration file, and its name before modutils 2.3.
NAMES = ("/etc/modules.conf", "/etc/conf.modules")
VARIABLE = "MODULECONF"


class RootFiles:
    """Files below a root ("" is /), but for ``own``, which is where it says."""

    def __init__(self, root: str, own: str = "") -> None:
        self.root = root.rstrip("/")
        self._own = own

    def place(self, path: str) -> str:
        """Return where a file is."""
        return path if path == self._own else f"{self.root}/{path.lstrip('/')}"

    def read(self, path: str) -> str | None:
        """Return a file's text, or None where it cannot be read."""
        try:
            return read_text(self.place(path))
        except LkmError:
            return None

    def exists(self, path: str) -> bool:
        """Tell whether there is such a file."""
        return os.path.exists(self.place(path))

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Return the files that a wildcard means, sorted, as paths below the root."""
        from glob import escape, glob

        found = glob(escape(self.root) + "/" + pattern.lstrip("/"))
        return tuple(sorted([path[len(self.root) :] for path in found if os.path.isfile(path)]))


def open_conf(
    root: str, release: str, environment: Mapping[str, str], own: str = "", *, by_kernel: bool = False
) -> Conf24:
    """Return the configuration below a root: of the file ``own`` (-C), else of $MODULECONF, else of the usual place.

    A file that was named and cannot be read is a problem; the defaults then count.
    """
    from lkm.config.nouns24 import Context

    own = own or environment.get(VARIABLE, "")
    files = RootFiles(root, own)
    path = own or next((name for name in NAMES if files.exists(name)), NAMES[0])
    conf = read_conf(path, files, Context(release, tuple(sorted(environment.items())), by_kernel))
    if own and not conf.read:
        conf = conf._replace(problems=(Problem(Origin(own), "cannot be read; the defaults count"), *conf.problems))
    return conf


def newest(files: RootFiles, paths: tuple[str, ...]) -> tuple[str, float]:
    """Return the file that was changed last, and when; "" and 0 where none is there."""
    found = []
    for path in paths:
        try:
            found.append((os.stat(files.place(path)).st_mtime, path))
        except OSError:
            continue
    time, path = max(found, default=(0.0, ""))
    return path, time


def read_set_file(files: RootFiles, path: str) -> str | None:
    """Return the text of a file that depmod writes, the new one even while it replaces a set; None if missing."""
    place = files.place(path)
    directory, name = os.path.split(place)
    waiting = pending(directory) if os.path.exists(f"{directory}/{RECORD}") else {}
    try:
        return read_text(waiting.get(name, place))
    except LkmError:
        return None
