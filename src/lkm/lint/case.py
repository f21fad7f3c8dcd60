"""All that the rules of lint see: the configuration, and the tree and kernel that it is for."""

from __future__ import annotations

from lkm.config.depmod import Override
from lkm.config.modulesload import Wanted
from lkm.config.nouns import Settings
from lkm.config.settings import assemble
from lkm.lint.nouns import Flaw
from lkm.lint.sheet import CMDLINE, LOAD, MODPROBE
from lkm.record import Record
from lkm.wildcard import has_wildcard, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Protocol

    from lkm.config.nouns import Directive
    from lkm.lint.nouns import Edit
    from lkm.lint.sheet import Sheet, Statement
    from lkm.modfile.kernelparam import KernelParam
else:
    Protocol = object


class Tree(Protocol):
    """The module tree, and what is built into its kernel. Names are folded."""

    def origin(self) -> str:
        """Return the directory."""

    def names(self) -> tuple[str, ...]:
        """Return the names of all modules."""

    def path(self, name: str) -> str:
        """Return a module's file, "" for a name that the tree has not."""

    def meant(self, alias: str) -> tuple[str, ...]:
        """Return the modules, built-in ones too, that have an alias which matches."""

    def has_alias(self, name: str) -> bool:
        """Tell whether a module can be asked for by any alias."""

    def users(self, name: str) -> tuple[str, ...]:
        """Return the modules that need a module, directly or not."""

    def needs(self, name: str) -> tuple[str, ...]:
        """Return the modules that a module needs."""

    def is_builtin(self, name: str) -> bool:
        """Tell whether a module is part of the kernel."""

    def parameters(self, name: str) -> tuple[KernelParam, ...] | None:
        """Return a module's parameters, or those of a built-in one; None where that is not known."""


class Case(Record):
    """``sheets`` in the order of reading, ``settings`` what counts of them and of the tree's own softdeps.

    ``tree`` is None where there is none, ``release`` then what was looked for. ``built_in`` are the parameters of the
    kernel image by ``MODULE.NAME`` (None: no image). ``hidden`` are files that are not read, each with the one
    that hides it; ``passed_over`` those that are not read for their names. ``index_faults``: what is wrong with the
    tree's indexes, and where; ``reindex`` is the command that mends it.
    """

    sheets: tuple[Sheet, ...] = ()
    settings: Settings = Settings()
    tree: Tree | None = None
    release: str = ""
    built_in: Mapping[str, str] | None = None
    hidden: tuple[tuple[str, str], ...] = ()
    passed_over: tuple[str, ...] = ()
    index_faults: tuple[tuple[str, str], ...] = ()
    reindex: str = ""

    def statements(self, *kinds: str) -> Iterator[tuple[Statement, Sheet]]:
        """Yield what the files of these kinds state (modprobe.d and the command line where none is named)."""
        for sheet in self.sheets:
            if sheet.kind in (kinds or (MODPROBE, CMDLINE)):
                for statement in sheet.statements:
                    yield statement, sheet

    def directives(self) -> Iterator[tuple[Directive, Statement, Sheet]]:
        """Yield the directives of modprobe.d and the command line."""
        for statement, sheet in self.statements():
            if not isinstance(statement.fact, (Wanted, Override)):
                yield statement.fact, statement, sheet

    def loads(self) -> Iterator[tuple[Wanted, Statement]]:
        """Yield the modules that are loaded at boot: of modules-load.d, and of the command line's modules_load=."""
        for statement, _ in self.statements(LOAD, CMDLINE):
            if isinstance(statement.fact, Wanted):
                yield statement.fact, statement

    def is_builtin(self, name: str) -> bool:
        """Tell whether a module is part of the kernel: its list says so, or the image has parameters of it."""
        if self.tree is None or self.tree.path(name):
            return False
        return self.tree.is_builtin(name) or any(key.startswith(f"{name}.") for key in self.built_in or ())

    def known(self, name: str) -> bool:
        """Tell whether a name means anything: a module, an alias of the tree or the configuration, a command."""
        tree = self.tree
        if tree is None or has_wildcard(name) or tree.path(name) or self.is_builtin(name) or tree.meant(name):
            return True
        settings = self.settings
        if any(matches(alias.pattern, name) for alias in settings.aliases):
            return True
        return any(matches(command.module, name) for command in (*settings.installs, *settings.removes))


def case_of(sheets: Iterable[Sheet], more: Iterable[tuple[str, str]] = (), **fields: object) -> Case:
    """Return a case; ``more`` are files (path, text) that count for the settings and are not looked at."""
    sheets = tuple(sheets)
    files = [(s.path, s.text.replace("\r\n", "\n")) for s in sheets if s.kind == MODPROBE]
    line = next((sheet.text for sheet in sheets if sheet.kind == CMDLINE), "")
    return Case(sheets, assemble([*more, *files], line), **fields)  # type: ignore[arg-type]


def flaw(
    code: str,
    level: str,
    statement: Statement,
    word: str,
    what: str,
    because: str = "",
    advice: str = "",
    edit: Edit | None = None,
) -> Flaw:
    """Return a flaw at a word of a statement."""
    return Flaw(
        code, level, what, statement.fact.origin, statement.line.text, statement.column(word), because, advice, edit
    )


def away(statement: Statement) -> str:
    """Return what to do with a statement that is good for nothing: the kernel command line is one line for all."""
    if statement.line.first:
        return "remove the line"
    return f"take it out of {statement.fact.origin.word.partition('=')[0]}= on the kernel's command line"


def is_stop(command: str) -> bool:
    """Tell whether a command only keeps a module out.

    >>> is_stop("/bin/false"), is_stop("/bin/true # no"), is_stop("/sbin/modprobe x")
    (True, True, False)
    """
    word = command.split("#")[0].strip().rsplit("/", 1)[-1]
    return word in ("false", "true", ":", "exit 0", "exit 1")
