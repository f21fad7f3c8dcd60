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

    ``directory`` is the module directory, absolute. Rules: kmod, depmod.c, ``depmod_module_is_higher_priority``:
    an override names the file by ``SUBDIRECTORY/NAME``, whatever its directories below; else the first directory of
    ``search`` that holds it decides; of equals the one that the walk met last.
    """

    def __init__(self, directory: str, settings: DepmodSettings, release: str) -> None:
        self._start = directory + "/"
        self._overrides = settings.override_paths(release)
        self._external = settings.external_directories(release)
        self._searches = settings.searches
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
        return self._rank(new) <= self._rank(old)

    def _stem(self, path: str) -> str:
        """Return a path relative to the module directory, without the ending."""
        return without_ending(path.removeprefix(self._start))

    def _rank(self, path: str) -> int:
        """Return the place of the directory in the search order; the lowest wins."""
        external = not path.startswith(self._start)
        relative = path.removeprefix(self._start)
        builtin = found = -1
        for rank, search in enumerate(self._searches):
            if search == "built-in":
                builtin = rank
            elif search == "external":
                if external and any(path.startswith(d.rstrip("/") + "/") for d in self._external):
                    found = rank
            elif relative.startswith(search + "/"):
                found = rank
        return builtin if found < 0 else found


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
    place = {line: at for at, line in enumerate(order)}
    start = directory + "/"
    listed: list[tuple[int, ModuleName]] = []
    rest: list[bytes] = []
    for name, path in chosen.items():
        at = place.get(without_ending(path.removeprefix(start)) + ".ko")
        if at is None:
            rest.append(name.encode("utf-8", "surrogateescape"))
        else:
            listed.append((at, name))
    names = [name for _, name in sorted(listed)]
    names += [ModuleName(key.decode("utf-8", "surrogateescape")) for key in hash_order(rest, _BUCKETS)]
    return [(name, chosen[name]) for name in names]
