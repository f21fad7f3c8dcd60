"""A module directory as evidence: who exports what, and what each file tells."""

from __future__ import annotations

from lkm.errors import LkmError
from lkm.formats.compression import decompress, kind_of
from lkm.formats.source import BytesSource
from lkm.modfile.facts import read
from lkm.names import name_from_path
from lkm.system.files import read_bytes
from lkm.system.indexfiles import open_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.index.lookup import ModuleIndex
    from lkm.modfile.nouns import ModuleFacts


class IndexedTree:
    """The tree of :mod:`lkm.diagnose.evidence`, by its indexes. A broken index is as one that is not there."""

    def __init__(self, directory: str, index: ModuleIndex | None = None) -> None:
        """Take another ``index`` than the directory's own where several directories are one tree."""
        self._directory = directory
        self._index = open_index(directory) if index is None else index
        self._facts: dict[str, ModuleFacts | None] = {}

    def origin(self) -> str:
        """Return the directory."""
        return self._directory

    def names(self) -> tuple[str, ...]:
        """Return the names of all modules."""
        try:
            return tuple([entry.name for entry in self._index.all_modules()])
        except LkmError:
            return ()

    def path(self, name: str) -> str:
        """Return a module's file, "" for a name that the tree has not."""
        try:
            entry = self._index.dependencies(name)
        except LkmError:
            return ""
        if entry is None:
            return ""
        return entry.path if entry.path.startswith("/") else f"{self._directory}/{entry.path}"

    def needs(self, name: str) -> tuple[str, ...]:
        """Return the names of all modules that a module needs, as depmod has found."""
        try:
            entry = self._index.dependencies(name)
        except LkmError:
            entry = None
        return tuple(map(name_from_path, entry.depends)) if entry else ()

    def owners(self, symbol: str) -> tuple[str, ...]:
        """Return the modules that export a symbol."""
        try:
            return self._index.symbol_owners(f"symbol:{symbol}")
        except LkmError:
            return ()

    def builtin(self) -> frozenset[str]:
        """Return the names of the modules that are part of the kernel."""
        try:
            data = self._index.file("modules.builtin")
        except LkmError:
            data = None
        return frozenset(map(name_from_path, bytes(data or b"").decode("utf-8", "replace").split()))

    def facts(self, name: str) -> ModuleFacts | None:
        """Return what a module's file tells, None where it cannot be read."""
        if name not in self._facts:
            self._facts[name] = self.read(self.path(name))
        return self._facts[name]

    def read(self, path: str) -> ModuleFacts | None:
        """Return what a file tells, None where it cannot be read."""
        try:
            data = read_bytes(path) if path else b""
            return read(BytesSource(decompress(data, kind_of(data[:6]), path), path))[0]
        except LkmError:
            return None
