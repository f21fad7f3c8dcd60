"""The parts of modprobe that print and do nothing else: the configuration, and symbols of a module file."""

from __future__ import annotations

import errno
import sys

from lkm.errors import LkmError, MachineError
from lkm.report.config import INDEXES_FOLLOW, config_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.cli.messages import Messages
    from lkm.index.lookup import ModuleIndex
    from lkm.plan.resolve import World


def config_dump(world: World, index: ModuleIndex, *, configs: tuple[str, ...] | None = None) -> str:
    """Return all settings, then all aliases and symbols of the indexes (kmod: ``show_config``).

    With ``configs``, where they were read from, each with its place; and without the indexes, which have but one.
    """
    if configs is not None:
        from lkm.report.configorigin import origin_text
        from lkm.system.configfiles import hidden_files

        hidden = hidden_files(paths=configs)
        if len(index.directories) == 1:
            return origin_text(world.settings, hidden)
        from lkm.index.merged import MergedIndex

        modules = index.hidden() if isinstance(index, MergedIndex) else []
        return origin_text(world.settings, [*hidden, *modules], index.directories)
    aliases = [f"alias {pattern} {module}\n" for pattern, module in index.dump_aliases()]
    symbols = [f"alias {symbol} {module}\n" for symbol, module in index.dump_symbols()]
    return "".join([config_text(world.settings), INDEXES_FOLLOW, *aliases, *symbols])


def show_symbols(path: str, kind: str, say: Messages) -> int:
    """Print the symbols that a module file needs (``show-modversions``) or offers (``show-exports``), with CRCs."""
    pairs = symbols(path, kind, say)
    text = "".join([f"0x{crc:08x}\t{name}\n" for crc, name in pairs])
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    return 0 if pairs else 1


def symbols(path: str, kind: str, say: Messages) -> list[tuple[int, str]]:
    """Return these symbols as (CRC, name); () after saying why there are none."""
    from lkm.formats.elf import Elf
    from lkm.modfile.facts import read
    from lkm.modfile.versions import read_versions
    from lkm.system.files import open_source

    what = "modversions" if kind == "show-modversions" else "symbols"
    try:
        with open_source(path) as source:
            facts, problems = read(source)
            elf = Elf(source)
            versions, _ = read_versions(elf)
            names = elf.named(b"__ksymtab_strings").decode("utf-8", "surrogateescape").split("\0")
    except LkmError as error:
        if isinstance(error, MachineError) and error.errno == errno.ENOENT:
            say.fatal(f"Module {path} not found.")
            say.detail("this option wants the path of a module's file")
        else:
            say.fatal(f"could not get {what} of {path}: {error.what}")
        return []
    for problem in problems:
        say.warning(str(problem))
    if what == "symbols":
        order = {name: at for at, name in enumerate(names)}  # kmod's, which is the sources'
        exports = sorted(facts.exports, key=lambda export: order.get(export.name, len(order)))
        pairs = [(export.crc or 0, export.name) for export in exports]
    else:
        # On old 64-bit PowerPC a function's code is named .f; the kernel compares without the dot, and kmod shows so.
        pairs = [(crc, name.removeprefix(b".").decode("utf-8", "surrogateescape")) for name, crc in versions.items()]
    if not pairs:
        say.fatal(f"could not get {what} of {path}: it has none")
    return pairs
