"""Evidence that can be kept: of the tree and the kernel only what the rules have asked for, as plain values.

A tree is files, a kernel has some ten thousand symbols, and neither goes with a failure to another machine. What was
asked when the findings were made is enough to make them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TypeVar, cast

from lkm.diagnose.engine import diagnose
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lkm.diagnose.evidence import Evidence, Tree
    from lkm.diagnose.finding import Finding
    from lkm.modfile.nouns import ModuleFacts

V = TypeVar("V")


class SavedTree(Record):
    """The answers that a tree gave. ``modules``: all names, the rest is what was asked, by name or symbol."""

    directory: str
    modules: tuple[str, ...] = ()
    files: Mapping[str, str] = {}
    exporters: Mapping[str, tuple[str, ...]] = {}
    contents: Mapping[str, ModuleFacts | None] = {}

    def origin(self) -> str:
        """Return the directory."""
        return self.directory

    def names(self) -> tuple[str, ...]:
        """Return the names of all modules; none where nobody has asked for them."""
        return self.modules

    def path(self, name: str) -> str:
        """Return a module's file, "" for one that is not known."""
        return self.files.get(name, "")

    def owners(self, symbol: str) -> tuple[str, ...]:
        """Return the modules that export a symbol."""
        return self.exporters.get(symbol, ())

    def facts(self, name: str) -> ModuleFacts | None:
        """Return what a module's file tells."""
        return self.contents.get(name)


def examined(evidence: Evidence) -> tuple[tuple[Finding, ...], Evidence]:
    """Return the findings of :func:`diagnose`, and the evidence cut down to what leads to the same ones again.

    The symbols that the module needs are always kept, for rules that are yet to come.
    """
    tree = _Watched(evidence.tree) if evidence.tree else None
    kernel = evidence.kernel
    exports = _Noted(kernel.exports) if kernel and kernel.exports is not None else None
    config = _Noted(kernel.config) if kernel and kernel.config is not None else None
    symbols = _NotedSet(kernel.symbols) if kernel and kernel.symbols is not None else None
    watched = evidence._replace(tree=tree)
    if kernel:
        names = cast("frozenset[str] | None", symbols)
        watched = watched._replace(kernel=kernel._replace(exports=exports, config=config, symbols=names))
    facts = evidence.file.facts if evidence.file else None
    for need in facts.needs if facts else ():
        if (exports is None or need.name not in exports) and tree:
            tree.owners(need.name)
    found = diagnose(watched)
    if kernel:
        kernel = kernel._replace(
            exports=exports.noted() if exports is not None else None,
            config=config.noted() if config is not None else None,
            symbols=symbols.noted() if symbols is not None else None,
        )
    return found, evidence._replace(tree=tree.saved() if tree else None, kernel=kernel)


class _Watched:
    """A tree that notes its answers."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._names: tuple[str, ...] | None = None
        self._paths: dict[str, str] = {}
        self._owners: dict[str, tuple[str, ...]] = {}
        self._facts: dict[str, ModuleFacts | None] = {}

    def origin(self) -> str:
        return self._tree.origin()

    def names(self) -> tuple[str, ...]:
        if self._names is None:
            self._names = tuple(self._tree.names())
        return self._names

    def path(self, name: str) -> str:
        return self._paths.setdefault(name, self._tree.path(name))

    def owners(self, symbol: str) -> tuple[str, ...]:
        return self._owners.setdefault(symbol, self._tree.owners(symbol))

    def facts(self, name: str) -> ModuleFacts | None:
        return self._facts.setdefault(name, self._tree.facts(name))

    def saved(self) -> SavedTree:
        paths = {name: path for name, path in sorted(self._paths.items()) if path}
        owners = {symbol: found for symbol, found in sorted(self._owners.items()) if found}
        facts = {name: found for name, found in sorted(self._facts.items()) if found}
        return SavedTree(self.origin(), self._names or (), paths, owners, facts)


class _Noted(Mapping[str, V]):
    """A mapping that notes which keys were looked up; all of them where it was gone through."""

    def __init__(self, values: Mapping[str, V]) -> None:
        self._values = values
        self._asked: set[str] = set()

    def __getitem__(self, key: str) -> V:
        self._asked.add(key)
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        self._asked.update(self._values)
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def noted(self) -> dict[str, V]:
        return {key: self._values[key] for key in sorted(self._asked) if key in self._values}


class _NotedSet(Set[str]):
    """A set that does the same."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = frozenset(values)
        self._asked: set[str] = set()

    def __contains__(self, key: object) -> bool:
        self._asked.add(str(key))
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        self._asked.update(self._values)
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def noted(self) -> frozenset[str]:
        return self._values & self._asked
