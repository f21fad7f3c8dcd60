"""A module directory as lint sees it (:class:`lkm.lint.case.Tree`): names, aliases, needs and parameters."""

from __future__ import annotations

from lkm.errors import LkmError
from lkm.formats.compression import decompress, kind_of
from lkm.formats.source import BytesSource
from lkm.modfile.kernelparam import KernelParam, read_params
from lkm.names import name_from_path
from lkm.system.files import read_bytes
from lkm.system.moduletree import IndexedTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeVar

    T = TypeVar("T")

_BOOLS = ("bool", "bint", "bool_enable_only")


class LintTree(IndexedTree):
    """``built_in`` are the parameters of the kernel image, by ``MODULE.NAME``; None where there is none."""

    def __init__(self, directory: str, built_in: Mapping[str, str] | None = None) -> None:
        super().__init__(directory)
        self._built_in = built_in
        self._aliased: set[str] | None = None
        self._users: dict[str, list[str]] | None = None
        self._parameters: dict[str, tuple[KernelParam, ...] | None] = {}

    def meant(self, alias: str) -> tuple[str, ...]:
        """Return the modules, built-in ones too, that have an alias which matches."""
        return (*_asked(self._index.aliases, alias), *_asked(self._index.builtin_aliases, alias))

    def has_alias(self, name: str) -> bool:
        """Tell whether a module can be asked for by any alias."""
        if self._aliased is None:
            self._aliased = {module for _, module in _asked(lambda _: self._index.dump_aliases(), "")}
        return name in self._aliased

    def users(self, name: str) -> tuple[str, ...]:
        """Return the modules that need a module, directly or not."""
        if self._users is None:
            self._users = {}
            for entry in _asked(lambda _: self._index.all_modules(), ""):
                for path in entry.depends:
                    self._users.setdefault(name_from_path(path), []).append(entry.name)
        return tuple(self._users.get(name, ()))

    def is_builtin(self, name: str) -> bool:
        """Tell whether a module is part of the kernel, by the tree's lists; one has parts that are no modules."""
        try:
            return self._index.is_builtin(name) or name in self.builtin() or bool(self._index.builtin_modinfo(name))
        except LkmError:
            return False

    def parameters(self, name: str) -> tuple[KernelParam, ...] | None:
        """Return a module's parameters as its code reads them, or those of a built-in one; None: not known."""
        if name not in self._parameters:
            path = self.path(name)
            self._parameters[name] = self._of_file(name, path) if path else self._of_kernel(name)
        return self._parameters[name]

    def _of_file(self, name: str, path: str) -> tuple[KernelParam, ...] | None:
        facts = self.facts(name)
        if facts is None:
            return None
        told = tuple([KernelParam(p.name, "", bare=True) for p in facts.parameters])
        try:
            data = read_bytes(path)
            table = read_params(BytesSource(decompress(data, kind_of(data[:6]), path), path))
        except LkmError:
            return told
        return told if table is None else table

    def _of_kernel(self, name: str) -> tuple[KernelParam, ...] | None:
        start = f"{name}."
        if self._built_in is not None:
            table = {key[len(start) :]: kind for key, kind in self._built_in.items() if key.startswith(start)}
        else:
            try:
                records = self._index.builtin_modinfo(name)
            except LkmError:
                records = ()
            table = {}
            for key, value in records:
                if key == "parmtype":
                    parameter, _, kind = value.partition(":")
                    table[parameter] = kind
        found = [KernelParam(key, kind, bare=not kind or kind in _BOOLS) for key, kind in sorted(table.items())]
        return tuple(found) or None


def _asked(question: Callable[[str], Iterable[T]], name: str) -> tuple[T, ...]:
    """Return an index's answers; one that is broken has none."""
    try:
        return tuple(question(name))
    except LkmError:
        return ()
