"""What the indexes of one module directory say: the questions that modprobe and modinfo ask.

All answers come from the ``.bin`` files where there is one, as kmod's do; a file is opened when first asked for, and
one that is not there gives empty answers.
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.index.trie import Trie
from lkm.names import ModuleName
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lkm.index.trie import Buffer

    Search = Callable[[bytes], list[bytes]]


#: So many walks take as long as compiling.
MANY = 5000


def _nothing(_: bytes) -> list[bytes]:
    return []


class DepEntry(Record):
    """A line of modules.dep: the path as written there (relative to the directory, or absolute) and all it needs."""

    name: ModuleName
    path: str
    depends: tuple[str, ...] = ()


class ModuleIndex:
    """The indexes in ``directory``. ``opener`` gives a file's bytes by its name there, or None when it is missing.

    Every method raises FormatError when the file that it needs is broken.
    """

    def __init__(self, directory: str, opener: Callable[[str], Buffer | None]) -> None:
        self.directory = directory
        self._opener = opener
        self._files: dict[str, Buffer | None] = {}
        self._tries: dict[str, Trie | None] = {}
        self._searches: dict[str, Search] = {}
        self._asked: dict[str, int] = {}

    def file(self, name: str) -> Buffer | None:
        """Return the bytes of a file of the directory, or None."""
        if name not in self._files:
            self._files[name] = self._opener(name)
        return self._files[name]

    def trie(self, name: str) -> Trie | None:
        """Return a binary index by its file's name, or None when there is none, or an empty file."""
        if name not in self._tries:
            data = self.file(name)
            # depmod leaves an empty file where a kernel has no list of its built-in modules.
            self._tries[name] = Trie(data, f"{self.directory}/{name}") if data else None
        return self._tries[name]

    def dependencies(self, name: str) -> DepEntry | None:
        """Return a module (name with underscores) by its name, or None when modules.dep.bin has no such module."""
        trie = self.trie("modules.dep.bin")
        value = trie.search(_bytes(name)) if trie else None
        return None if value is None else _entry(name, value, f"{self.directory}/modules.dep.bin")

    @property
    def directories(self) -> tuple[str, ...]:
        """Return the directories that the answers come from."""
        return (self.directory,)

    def home(self, name: str) -> str:
        """Return the directory whose indexes count for a module."""
        return self.directory

    def needed(self, entry: DepEntry) -> tuple[tuple[str, str], ...]:
        """Return all that a module needs, that to load first at the end, as (path, index file that says so)."""
        source = f"{self.directory}/modules.dep"
        return tuple([(path, source) for path in entry.depends])

    def all_modules(self) -> Iterator[DepEntry]:
        """Yield all modules, sorted by name."""
        trie = self.trie("modules.dep.bin")
        for key, value in trie.items() if trie else ():
            yield _entry(_str(key), value, f"{self.directory}/modules.dep.bin")

    def aliases(self, alias: str) -> tuple[ModuleName, ...]:
        """Return the modules that have an alias pattern which matches, most preferred first."""
        return self._wild("modules.alias.bin", alias)

    def symbol_owners(self, alias: str) -> tuple[ModuleName, ...]:
        """Return the modules that export a symbol, given as ``symbol:NAME``."""
        return self._wild("modules.symbols.bin", alias)

    def is_builtin(self, name: str) -> bool:
        """Tell whether a module (name with underscores) is part of the kernel itself."""
        trie = self.trie("modules.builtin.bin")
        return trie is not None and trie.search(_bytes(name)) is not None

    def builtin_aliases(self, alias: str) -> tuple[ModuleName, ...]:
        """Return the built-in modules that have an alias pattern which matches."""
        return self._wild("modules.builtin.alias.bin", alias)

    def builtin_modinfo(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return the (key, value) pairs that modules.builtin.modinfo has for a module, in its order.

        As in kmod only the first run of its records counts: two built-in files may have one name, such as random.
        """
        data = self.file("modules.builtin.modinfo")
        if data is None:
            return ()
        pairs = []
        start = _bytes(name) + b"."
        at = 0 if data[: len(start)] == start else data.find(b"\0" + start) + 1
        while data[at : at + len(start)] == start:
            end = data.find(b"\0", at)
            end = len(data) if end < 0 else end
            key, _, value = data[at + len(start) : end].partition(b"=")
            pairs.append((_str(key), _str(value)))
            at = end + 1
        return tuple(pairs)

    def softdeps_text(self) -> str:
        """Return the text of modules.softdep."""
        return _str(bytes(self.file("modules.softdep") or b""))

    def weakdeps_text(self) -> str:
        """Return the text of modules.weakdep."""
        return _str(bytes(self.file("modules.weakdep") or b""))

    def dump_aliases(self) -> Iterator[tuple[str, str]]:
        """Yield (pattern, module) as ``modprobe -c`` lists them."""
        return self._dump("modules.alias.bin")

    def dump_symbols(self) -> Iterator[tuple[str, str]]:
        """Yield (``symbol:NAME``, module) as ``modprobe -c`` lists them."""
        return self._dump("modules.symbols.bin")

    def _wild(self, file: str, alias: str) -> tuple[ModuleName, ...]:
        search = self._searches.get(file) or self._search(file)
        return tuple([ModuleName(_str(v)) for v in search(_bytes(alias))])

    def _search(self, file: str) -> Search:
        """Return how to search: by a walk of the trie, or compiled once that pays."""
        trie = self.trie(file)
        if trie is None:
            return _nothing
        self._asked[file] = asked = self._asked.get(file, 0) + 1
        if asked > MANY:
            self.compile(file)
        return trie.search_wild if asked <= MANY else self._searches[file]

    def compile(self, file: str = "modules.alias.bin") -> None:
        """Make ready for thousands of lookups by alias: some 0.2 s for Debian's 20,000, each then takes some 7 µs."""
        trie = self.trie(file)
        if trie is not None:
            from lkm.index.compiled import Compiled

            self._searches[file] = Compiled(trie).search_wild

    def _dump(self, file: str) -> Iterator[tuple[str, str]]:
        trie = self.trie(file)
        for key, value in trie.items() if trie else ():
            yield _str(key), _str(value)


def _entry(name: str, line: bytes, where: str) -> DepEntry:
    """Return the entry for a value of modules.dep.bin, ``PATH: DEP DEP``; raises FormatError without a colon."""
    path, colon, depends = line.partition(b":")
    if not colon:
        raise FormatError(f"no ':' in {_str(line)!r}", where, hint="run depmod")
    return DepEntry(ModuleName(name), _str(path), tuple(_str(depends).split()))


def _str(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
