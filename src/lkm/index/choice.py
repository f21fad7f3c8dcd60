"""Which files of a module tree are indexed, and in which order: one file a module name, as depmod.d says."""

from __future__ import annotations

from lkm.index.hashorder import hash_order
from lkm.names import EXTENSIONS, ModuleName, name_from_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.config.depmod import DepmodSettings

#: kmod's table of modules by name has this many buckets; modules.order leaves the order of unlisted modules to it.
_BUCKETS = 512


class Chooser:
    """Takes paths in the order of the walk and keeps for every module name the path that counts.

    ``directory`` is the module directory, absolute. Rules: kmod, depmod.c, ``depmod_module_is_higher_priority``.
    An override names the file by ``SUBDIRECTORY/NAME``; else the first directory of ``search`` that holds one of the
    two decides. Of two that it both holds the one met last stands, of two that none holds the one met first.
    """

    def __init__(self, directory: str, settings: DepmodSettings, release: str) -> None:
        self._start = directory + "/"
        self._overrides = settings.override_paths(release)
        self._ranks = self._ranked(settings, settings.external_directories(release))
        self.chosen: dict[ModuleName, str] = {}

    def add(self, path: str) -> None:
        """Take a module file into account."""
        name = name_from_path(path)
        if not name:
            return  # ".ko"
        old = self.chosen.get(name)
        if old is None or self._is_better(path, old):
            self.chosen[name] = path

    def _is_better(self, new: str, old: str) -> bool:
        new_stem, old_stem = self._stem(new), self._stem(old)
        for override in self._overrides:
            if new_stem == override:
                return True
            if old_stem == override:
                return False
        builtin, new_rank, old_rank = 0, 0, 0
        for rank, kind, start in self._ranks:
            if kind == "built-in":
                builtin = rank
            elif new.startswith(start):
                new_rank = rank
            elif old.startswith(start):
                old_rank = rank
        return (new_rank or builtin) > (old_rank or builtin)

    def _stem(self, path: str) -> str:
        """Return a path relative to the module directory, without the ending."""
        return without_ending(path.removeprefix(self._start))

    def _ranked(self, settings: DepmodSettings, externals: tuple[str, ...]) -> list[tuple[int, str, str]]:
        """Return (rank, kind, start of paths) of every directory to search, the most wanted last and highest."""
        places: list[tuple[str, str]] = []
        for search in settings.searches:
            if search == "external":
                places += [(search, directory.rstrip("/") + "/") for directory in externals]
            else:
                places.append((search, f"{self._start}{search}/"))
        places.reverse()
        return [(rank, kind, start) for rank, (kind, start) in enumerate(places, 1)]


def without_ending(path: str) -> str:
    """Return a module's path without .ko and what follows it.

    >>> without_ending("kernel/fs/fat/fat.ko.xz")
    'kernel/fs/fat/fat'
    """
    for ending in EXTENSIONS:
        if path.endswith(ending):
            return path[: -len(ending)]
    return path


def in_order(chosen: dict[ModuleName, str], directory: str, order: Iterable[str]) -> list[tuple[ModuleName, str]]:
    """Return (name, path) in the order of modules.order (its lines are relative paths without compression).

    Modules that are not listed come last, in the order of kmod's hash table (depmod.c, ``depmod_modules_sort``).
    """
    place = {line: at for at, line in enumerate(order)}.get
    start = directory + "/"
    listed: list[tuple[int, ModuleName]] = []
    rest: list[bytes] = []
    for name, path in chosen.items():
        relative = path.removeprefix(start)
        if path[-3:] != ".ko":
            relative = without_ending(relative) + ".ko"
        at = place(relative)
        if at is None:
            rest.append(name.encode("utf-8", "surrogateescape"))
        else:
            listed.append((at, name))
    names = [name for _, name in sorted(listed)]
    names += [ModuleName(key.decode("utf-8", "surrogateescape")) for key in hash_order(rest, _BUCKETS)]
    return [(name, chosen[name]) for name in names]
