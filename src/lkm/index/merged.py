"""The indexes of several module directories as one, as when extensions of a system bring modules of their own.

Each directory keeps its own index, made when the others were not known. So that they mean together what one index of
all would:

- of modules with one name that counts whose directory comes later, with its aliases, symbols and softdeps. An index
  may list modules that are not there (one made for the whole and shipped with a part): these do not count;
- what a line of modules.dep names is a module, not a file: a stronger directory's is taken;
- a symbol that a module lacks and its own index did not find is looked for in the indexes of all (its file is read
  for that, when its needs are asked for);
- built in is what any of them says is.
"""

from __future__ import annotations

from lkm.errors import LkmError
from lkm.index.lookup import DepEntry, ModuleIndex
from lkm.names import ModuleName, name_from_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeVar

    T = TypeVar("T")


class MergedIndex(ModuleIndex):
    """Several indexes, the weakest first, whose directory is this one's. Paths of its answers are absolute.

    ``exists`` tells whether a file does, ``lacks`` gives the symbols that a module file needs from others and may not
    do without. An index (or file) that is broken is passed over and told to ``complain``; no method raises.
    """

    def __init__(
        self,
        indexes: Sequence[ModuleIndex],
        exists: Callable[[str], bool],
        lacks: Callable[[str], Iterable[str]],
        complain: Callable[[LkmError], object] = lambda _: None,
    ) -> None:
        super().__init__(indexes[0].directory, indexes[0].file)
        self.complain = complain
        self._parts = tuple(reversed(indexes))
        self._exists = exists
        self._lacks = lacks
        self._found: dict[str, tuple[ModuleIndex, DepEntry] | None] = {}
        self._needed: dict[str, tuple[tuple[str, str], ...]] = {}

    @property
    def directories(self) -> tuple[str, ...]:
        """Return the directories, the weakest first."""
        return tuple([part.directory for part in reversed(self._parts)])

    def _each(self, question: Callable[[ModuleIndex], T]) -> list[tuple[ModuleIndex, T]]:
        """Return the answer of every index that is not broken, the strongest first."""
        found = []
        for part in self._parts:
            try:
                found.append((part, question(part)))
            except LkmError as error:
                self.complain(error)
        return found

    def _winner(self, name: str) -> tuple[ModuleIndex, DepEntry] | None:
        """Return the index that counts for a module, and its entry."""
        if name not in self._found:
            listed = [
                (part, entry._replace(path=_absolute(part, entry.path)))
                for part, entry in self._each(lambda part: part.dependencies(name))
                if entry
            ]
            there = [each for each in listed if self._exists(each[1].path)]
            self._found[name] = next(iter(there or listed), None)
        return self._found[name]

    def home(self, name: str) -> str:
        """Return the directory whose indexes count for a module; the first for one that none knows."""
        found = self._winner(name)
        return found[0].directory if found else self.directory

    def counts(self, name: str, directory: str) -> bool:
        """Tell whether what this directory's indexes say of a module holds."""
        return self._winner(name) is None or self.home(name) == directory

    def dependencies(self, name: str) -> DepEntry | None:
        """Return a module by its name, as its own index has it; see ``needed`` for all that it needs."""
        found = self._winner(name)
        return found[1] if found else None

    def all_modules(self) -> Iterator[DepEntry]:
        """Yield all modules, sorted by name."""
        every = self._each(lambda part: [entry.name for entry in part.all_modules()])
        for name in sorted({name for _, names in every for name in names}):
            entry = self.dependencies(name)
            if entry:
                yield entry

    def hidden(self) -> list[tuple[str, str]]:
        """Return (path, path of the one that counts) of module files that another directory's hide, sorted."""
        pairs = []
        for part, entries in self._each(lambda part: list(part.all_modules())):
            for entry in entries:
                found, path = self._winner(entry.name), _absolute(part, entry.path)
                if found and found[0] is not part and self._exists(path):
                    pairs.append((path, found[1].path))
        return sorted(pairs)

    def needed(self, entry: DepEntry) -> tuple[tuple[str, str], ...]:
        """Return all that a module needs, in whichever directory, as (path, index file that says so).

        That to load first comes last. Modules that need each other are no failure here: each comes once.
        """
        if entry.name not in self._needed:
            order: dict[str, tuple[str, str]] = {}
            self._walk(entry.name, order, {entry.name})
            self._needed[entry.name] = tuple(reversed(order.values()))
        return self._needed[entry.name]

    def _walk(self, name: str, order: dict[str, tuple[str, str]], above: set[str]) -> None:
        """Add to ``order`` (name → path, source; that to load first comes first) what a module needs."""
        found = self._winner(name)
        if not found:
            return
        part, entry = found
        listed = [(str(name_from_path(path)), path) for path in reversed(entry.depends)]
        wanted = [(need, _absolute(part, path), f"{part.directory}/modules.dep") for need, path in listed]
        for need in self._owners(entry, {name, *[need for need, _ in listed]}):
            wanted.append((need, "", f"{self.home(need)}/modules.symbols"))
        for need, path, source in wanted:
            if need in order or need in above:
                continue
            self._walk(need, order, above | {need})
            winner = self._winner(need)
            order[need] = (winner[1].path if winner else path, source)

    def _owners(self, entry: DepEntry, known: set[str]) -> list[str]:
        """Return the modules that have symbols which a module needs and no ``known`` one has."""
        try:
            symbols = self._lacks(entry.path)
        except LkmError as error:
            self.complain(error)
            return []
        found: dict[str, None] = {}
        for symbol in symbols:
            owners = self.symbol_owners(f"symbol:{symbol}")
            if owners and not known.intersection(owners) and not [owner for owner in owners if owner in found]:
                found[owners[0]] = None
        return sorted(found)

    def aliases(self, alias: str) -> tuple[ModuleName, ...]:
        """Return the modules that have an alias pattern which matches, those of the strongest directory first."""
        return self._union(lambda part: part.aliases(alias))

    def symbol_owners(self, alias: str) -> tuple[ModuleName, ...]:
        """Return the modules that export a symbol, given as ``symbol:NAME``, the strongest directory's first."""
        return self._union(lambda part: part.symbol_owners(alias))

    def _union(self, question: Callable[[ModuleIndex], tuple[ModuleName, ...]]) -> tuple[ModuleName, ...]:
        every = self._each(question)
        return tuple(dict.fromkeys([n for part, names in every for n in names if self.counts(n, part.directory)]))

    def is_builtin(self, name: str) -> bool:
        """Tell whether any directory lists a module as a part of the kernel itself."""
        return True in [answer for _, answer in self._each(lambda part: part.is_builtin(name))]

    def builtin_aliases(self, alias: str) -> tuple[ModuleName, ...]:
        """Return the built-in modules that have an alias pattern which matches."""
        every = self._each(lambda part: part.builtin_aliases(alias))
        return tuple(dict.fromkeys([name for _, names in every for name in names]))

    def builtin_modinfo(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return the (key, value) pairs that the first modules.builtin.modinfo with any has for a module."""
        every = self._each(lambda part: part.builtin_modinfo(name))
        return next((pairs for _, pairs in reversed(every) if pairs), ())

    def compile(self, file: str = "modules.alias.bin") -> None:
        """Make all ready for thousands of lookups."""
        self._each(lambda part: part.compile(file))

    def _dump(self, file: str) -> Iterator[tuple[str, str]]:
        for part, pairs in self._each(lambda part: list(part._dump(file))):
            yield from [pair for pair in pairs if self.counts(pair[1], part.directory)]


def _absolute(part: ModuleIndex, path: str) -> str:
    return path if path.startswith("/") else f"{part.directory}/{path}"
