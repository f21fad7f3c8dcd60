"""Small worlds for planning, given as text: modules with what they need, configuration, and what is loaded."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lkm.config.settings import assemble
from lkm.errors import FormatError
from lkm.index.lookup import DepEntry
from lkm.names import ModuleName, name_from_path
from lkm.plan.resolve import World
from lkm.state.nouns import KernelState, LoadedModule
from lkm.wildcard import matches


class FakeIndex:
    """An index in memory. ``needs`` is module → all it needs, the one to load first last, as in modules.dep."""

    def __init__(
        self,
        needs: Mapping[str, str],
        aliases: Mapping[str, str] | None = None,
        symbols: Mapping[str, str] | None = None,
        builtins: Collection[str] = (),
        builtin_aliases: Mapping[str, str] | None = None,
        broken: bool = False,
    ) -> None:
        self.needs = needs
        self.patterns = aliases or {}
        self.symbols = symbols or {}
        self.builtins = builtins
        self.builtin_patterns = builtin_aliases or {}
        self.broken = broken

    def dependencies(self, name: str) -> DepEntry | None:
        if self.broken:
            raise FormatError("bad magic", "/m/modules.dep.bin")
        if name not in self.needs:
            return None
        return DepEntry(ModuleName(name), f"k/{name}.ko", tuple(f"k/{need}.ko" for need in self.needs[name].split()))

    def needed(self, entry: DepEntry) -> tuple[tuple[str, str], ...]:
        return tuple((path, "/m/modules.dep") for path in entry.depends)

    def home(self, name: str) -> str:
        return "/m"

    def aliases(self, alias: str) -> tuple[ModuleName, ...]:
        return _matching(self.patterns, alias)

    def symbol_owners(self, alias: str) -> tuple[ModuleName, ...]:
        return _matching(self.symbols, alias)

    def is_builtin(self, name: str) -> bool:
        return name in self.builtins

    def builtin_aliases(self, alias: str) -> tuple[ModuleName, ...]:
        return _matching(self.builtin_patterns, alias)


def _matching(patterns: Mapping[str, str], alias: str) -> tuple[ModuleName, ...]:
    return tuple(
        ModuleName(m) for pattern, modules in patterns.items() if matches(pattern, alias) for m in modules.split()
    )


#: fat and its friends, an alias, a symbol, a built-in.
FATS = FakeIndex(
    {"fat": "", "msdos": "fat", "vfat": "fat", "loop": "", "top": "mid low", "mid": "low", "low": ""},
    aliases={"fs_vfat": "vfat", "fs_both": "vfat msdos", "usb:v*p1": "loop"},
    symbols={"symbol:fat_scan": "fat"},
    builtins=("ext4",),
    builtin_aliases={"fs_ext*": "ext4"},
)


def world(config: str = "", index: FakeIndex = FATS, *, cmdline: str = "", gone: Collection[str] = ()) -> World:
    """Return a world in /m; ``gone`` are modules whose files are not there."""
    return World("/m", index, assemble([("x.conf", config)], cmdline), lambda p: name_from_path(p) not in gone)


def loaded(**users: int) -> KernelState:
    """Return a state in which these modules are loaded, with these use counts."""
    return KernelState(tuple(LoadedModule(ModuleName(name), 1, count) for name, count in users.items()))
