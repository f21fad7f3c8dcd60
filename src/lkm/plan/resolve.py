"""What a name means: aliases of the configuration, module names, symbols, commands, aliases of modules, built-ins.

The order, and that the first kind with a hit wins, is kmod's (libkmod-module.c: ``kmod_module_new_from_lookup``).
"""

from __future__ import annotations

from lkm.errors import FormatError, LkmError, NotFound
from lkm.names import ModuleName, fold_alias, name_from_path
from lkm.origin import Origin, Problem
from lkm.record import Record
from lkm.wildcard import has_wildcard, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol, TypeVar

    from lkm.config.nouns import Blacklist, Command, Forbid, Settings, Softdep
    from lkm.index.lookup import DepEntry

    T = TypeVar("T")
else:
    Protocol = object

#: Where the words of the user come from.
COMMAND_LINE = Origin("command line")

#: Longest name that can be asked for (PATH_MAX with its end, in kmod's ``alias_normalize``).
_MAX_NAME = 4095
#: So many answers of indexes are kept.
_REMEMBERED = 10_000


class Index(Protocol):
    """The questions that planning asks of an index (:class:`lkm.index.lookup.ModuleIndex`)."""

    def dependencies(self, name: str) -> DepEntry | None:
        """Return a module by name."""

    def needed(self, entry: DepEntry) -> tuple[tuple[str, str], ...]:
        """Return (path, index file that says so) of all that a module needs, that to load first at the end."""

    def home(self, name: str) -> str:
        """Return the module directory whose indexes count for a module."""

    def aliases(self, alias: str) -> tuple[ModuleName, ...]:
        """Return modules by alias."""

    def symbol_owners(self, alias: str) -> tuple[ModuleName, ...]:
        """Return modules by ``symbol:NAME``."""

    def is_builtin(self, name: str) -> bool:
        """Tell whether the kernel has the module built in."""

    def builtin_aliases(self, alias: str) -> tuple[ModuleName, ...]:
        """Return built-in modules by alias."""


class Candidate(Record):
    """One module that a name may mean. ``alias`` is the alias that led to it, which options may be given for.

    ``path`` is set when a file was named, ``command`` when the name is only known by that command; ``origin`` tells
    what led from the name to the module. Two candidates with the same module and alias are the same thing.
    """

    module: ModuleName
    alias: str
    origin: Origin
    path: str = ""
    command: Command | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Return what makes it different from others."""
        return self.module, self.alias


class World:
    """All that planning knows, apart from the kernel's state: indexes, settings, and whether a file exists.

    A broken or unreadable index counts as an empty one; ``problems`` then says so.
    """

    def __init__(self, directory: str, index: Index, settings: Settings, exists: Callable[[str], bool]) -> None:
        self.directory = directory
        self.settings = settings
        self.exists = exists
        self.problems: list[Problem] = []
        self._index = index
        self._builtin: dict[str, bool] = {}
        self._dependencies: dict[str, DepEntry | None] = {}

    def _ask(self, question: Callable[[str], T], name: str, empty: T) -> T:
        try:
            return question(name)
        except LkmError as error:
            self.note(error)
            return empty

    def note(self, error: LkmError) -> None:
        """Take down what is wrong with an index."""
        problem = Problem(Origin(error.where or self.directory), error.what, hint=error.hint or "run depmod")
        if problem not in self.problems:
            self.problems.append(problem)

    def entry(self, name: str) -> DepEntry | None:
        """Return the line of modules.dep for a module."""
        if name not in self._dependencies:
            _bounded(self._dependencies)
            self._dependencies[name] = self._ask(self._index.dependencies, name, None)
        return self._dependencies[name]

    def is_builtin(self, name: str) -> bool:
        """Tell whether the kernel has a module built in."""
        if name not in self._builtin:
            _bounded(self._builtin)
            self._builtin[name] = self._ask(self._index.is_builtin, name, False)
        return self._builtin[name]

    def owners(self, alias: str, file: str) -> tuple[ModuleName, ...]:
        """Return the modules that an index (``modules.alias``, ``.symbols``, ``.builtin.alias``) has for an alias."""
        question = {
            "modules.alias": self._index.aliases,
            "modules.symbols": self._index.symbol_owners,
            "modules.builtin.alias": self._index.builtin_aliases,
        }[file]
        empty: tuple[ModuleName, ...] = ()
        return self._ask(question, alias, empty)

    def home(self, module: str) -> str:
        """Return the module directory whose indexes count for a module."""
        return self._index.home(module)

    def place(self, path: str) -> str:
        """Return the full path for a path of modules.dep."""
        return path if path.startswith("/") else f"{self.directory}/{path}"

    def path(self, candidate: Candidate) -> str:
        """Return the file of a candidate, or "" when none is known."""
        if candidate.path:
            return candidate.path
        entry = self.entry(candidate.module)
        return self.place(entry.path) if entry else ""

    def needs(self, candidate: Candidate) -> list[Candidate]:
        """Return all that a module depends on, in the order of loading; raises NotFound when one has no file.

        modules.dep lists a module's needs with the one to load first at the end.
        """
        entry = self.entry(candidate.module)
        found = []
        for path, source in self._index.needed(entry) if entry else ():
            place = self.place(path)
            if not self.exists(place):
                raise NotFound(f"needs {place}, which is not there", str(candidate.module), "run depmod")
            found.append(Candidate(name_from_path(path), "", Origin(source), place))
        found.reverse()
        return found

    def blacklisted(self, module: str) -> Blacklist | None:
        """Return the first ``blacklist`` of a module."""
        return next((b for b in self.settings.blacklists if b.module == module), None)

    def forbidden(self, module: str) -> Forbid | None:
        """Return the first ``forbid`` of a module."""
        return next((f for f in self.settings.forbids if _means(f.module, module)), None)

    def softdeps(self, module: str) -> tuple[Softdep, ...]:
        """Return every ``softdep`` of a module, in the order of the settings (kmod: the first only)."""
        return tuple([s for s in self.settings.softdeps if _means(s.module, module)])

    def command(self, candidate: Candidate, kind: str) -> Command | None:
        """Return the ``install`` or ``remove`` that counts for a module: its own, or the first that matches."""
        if candidate.command and candidate.command.kind == kind:
            return candidate.command
        return _first(self.settings.installs if kind == "install" else self.settings.removes, candidate.module)

    def options(self, candidate: Candidate) -> str:
        """Return all configured options of a candidate, by its name or its alias, in the order of the settings."""
        names = (candidate.module, candidate.alias or candidate.module)
        found = [o for o in self.settings.options if o.module in names and o.text]
        if any(o.extends for o in found):
            from lkm.config.parameters import combined

            return combined(found)
        return " ".join([o.text for o in found])


def _bounded(cache: dict[str, T]) -> None:
    """Empty a cache that is full: whoever asks for ever may be asked anything."""
    if len(cache) >= _REMEMBERED:
        cache.clear()


def _first(directives: Sequence[Command], module: str) -> Command | None:
    for directive in directives:
        if _means(directive.module, module):
            return directive
    return None


def _means(pattern: str, module: str) -> bool:
    return pattern == module or (has_wildcard(pattern) and matches(pattern, module))


def resolve(name: str, world: World) -> tuple[Candidate, ...]:
    """Return the modules that a name or alias means, all of the first kind that has any; () when it means nothing."""
    if len(name) > _MAX_NAME:
        return ()
    try:
        alias = fold_alias(name)
    except FormatError:
        return ()
    found = [Candidate(a.module, a.pattern, a.origin) for a in world.settings.aliases if matches(a.pattern, alias)]
    if found:
        return tuple(found)
    if ":" not in alias and world.entry(alias):
        return (Candidate(ModuleName(alias), "", COMMAND_LINE),)
    if alias.startswith("symbol:") and (owners := world.owners(alias, "modules.symbols")):
        return _through(owners, alias, world, "modules.symbols")
    for command in (*world.settings.installs, *world.settings.removes):
        if str(command.module) == alias:
            return (Candidate(ModuleName(alias.split(".", 1)[0]), "", command.origin, command=command),)
    if owners := world.owners(alias, "modules.alias"):
        return _through(owners, alias, world, "modules.alias")
    if world.is_builtin(alias):
        return (Candidate(ModuleName(alias), "", Origin(f"{world.directory}/modules.builtin")),)
    return _through(world.owners(alias, "modules.builtin.alias"), alias, world, "modules.builtin.alias")


def _through(owners: tuple[ModuleName, ...], alias: str, world: World, file: str) -> tuple[Candidate, ...]:
    return tuple([Candidate(owner, alias, Origin(f"{world.home(owner)}/{file}")) for owner in owners])


def from_path(path: str, world: World) -> Candidate:
    """Return the candidate for a module file; raises NotFound when there is no such file."""
    name = name_from_path(path)
    if not name or not world.exists(path):
        raise NotFound("No such file or directory", path)
    return Candidate(name, "", COMMAND_LINE, path)
