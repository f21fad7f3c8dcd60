"""A handle for programs that ask for a long time what names mean: it notices changed indexes and configuration.

What is looked at are the files' inode, size and time of change (as ``kmod_validate_resources`` of libkmod looks at
times), so a caller asks :meth:`Resolver.refresh` before a batch, not before each name.
"""

from __future__ import annotations

import os

from lkm.plan.resolve import resolve
from lkm.record import Record
from lkm.system.configfiles import DIRECTORIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.index.lookup import ModuleIndex
    from lkm.names import ModuleName
    from lkm.plan.resolve import World

    Mark = tuple[tuple[str, int, int, int], ...]

#: The files of a module directory that answers come from.
WATCHED = (
    "modules.dep.bin",
    "modules.alias.bin",
    "modules.symbols.bin",
    "modules.builtin.bin",
    "modules.builtin.alias.bin",
    "modules.softdep",
    "modules.weakdep",
)


class Answer(Record):
    """What a name means. ``modules`` in the order in which modprobe takes them; ``blacklisted``: those of them that
    an alias does not load; ``builtin``: the names are parts of the kernel itself.
    """

    name: str
    modules: tuple[ModuleName, ...]
    blacklisted: tuple[ModuleName, ...] = ()
    builtin: bool = False


class Resolver:
    """Names and modaliases → modules. ``opener`` makes the world anew; ``configs`` are the places it reads, ``more``
    others that are to be noticed too. ``opened`` is what it has made already, just now.

    ``problems`` of broken indexes and configuration are in ``world``.
    """

    def __init__(
        self,
        opener: Callable[[], tuple[World, ModuleIndex]],
        configs: tuple[str, ...] = (),
        more: tuple[str, ...] = (),
        opened: tuple[World, ModuleIndex] | None = None,
    ) -> None:
        self._opener = opener
        self._configs = (*(configs or tuple([f"{place}/modprobe.d" for place in DIRECTORIES])), *more)
        self.world, self.index = opened or opener()
        self._mark = self._look()

    def refresh(self) -> bool:
        """Read all anew if a file has changed, come or gone; tell whether that was so."""
        mark = self._look()
        if mark == self._mark:
            return False
        self.world, self.index = self._opener()
        self._mark = self._look()
        return True

    def _look(self) -> Mark:
        paths = [f"{directory}/{name}" for directory in self.index.directories for name in WATCHED]
        for place in self._configs:
            paths.append(place)
            if os.path.isdir(place):
                paths += [f"{place}/{name}" for name in sorted(os.listdir(place))]
        return tuple([mark for path in paths if (mark := _mark(path))])

    def resolve(self, name: str) -> Answer:
        """Return what a name means, as ``modprobe -R`` finds it; no modules when it means nothing.

        Raises no error for a broken index: that counts as empty, and ``world.problems`` tells.
        """
        found = resolve(name, self.world)
        if not found:
            return Answer(name, ())
        world = self.world
        modules = tuple([candidate.module for candidate in found])
        listed = world.settings.blacklists
        hidden = tuple([c.module for c in found if c.alias and world.blacklisted(c.module)]) if listed else ()
        first = found[0]
        builtin = not first.command and not world.entry(first.module) and world.is_builtin(first.module)
        return Answer(name, modules, hidden, builtin)


def _mark(path: str) -> tuple[str, int, int, int] | None:
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return path, seen.st_ino, seen.st_size, seen.st_mtime_ns
