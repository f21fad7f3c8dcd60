"""The little that an index needs of a module file, in bytes, as fast as it can be read.

depmod opens thousands of modules, so this reads some 10 kB of each and makes no object per symbol. For everything
that a module tells use :mod:`lkm.modfile.facts`.
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.formats.elf import EM_SPARC, EM_SPARCV9, SHN_ABS, STB_WEAK, STT_SPARC_REGISTER, Elf, symbols
from lkm.modfile.versions import read_versions, version_names
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.elf import Symbols
    from lkm.formats.source import Source


#: The largest real modules have some 30,000.
SYMBOLS_LIMIT = 1 << 19


class IndexFacts(Record):
    """What depmod takes from a module.

    ``modinfo``: the ``key=value`` records in file order. ``exports``: exported symbols (see :func:`exports`).
    ``needs``: symbols that others must provide, in the order in which kmod lists them: undefined ones of the symbol
    table, then those only ``__versions`` names (``module_layout``). ``weak``: those of them that may stay unresolved.
    ``export_crcs``, ``need_crcs``: by name, only where :func:`scan` was asked for CRCs and the file has them.
    """

    modinfo: list[bytes]
    exports: list[bytes]
    needs: list[bytes]
    weak: frozenset[bytes] = frozenset()
    export_crcs: dict[bytes, int] = {}  # noqa: RUF012 - a default that nobody changes
    need_crcs: dict[bytes, int] = {}  # noqa: RUF012


def scan(source: Source, *, crcs: bool = False) -> IndexFacts:
    """Return what an index needs of a module file; raises FormatError when it is none, or broken."""
    elf = Elf(source)
    modinfo = [record for record in elf.named(b".modinfo").split(b"\0") if record]
    table = symbols(elf)
    if table is None:
        return IndexFacts(modinfo, _listed_exports(elf), [])
    needs, weak = undefined(elf, table)
    exported, export_crcs = exports(elf, table, crcs=crcs)
    need_crcs: dict[bytes, int] = {}
    if elf.find(b"__versions") or elf.find(b"__version_ext_names"):
        if crcs:
            need_crcs, _ = read_versions(elf)
        names = list(need_crcs) if crcs else version_names(elf)
        more = set(names).difference(needs)
        if more:
            needs += more if len(more) == 1 else dict.fromkeys([name for name in names if name in more])
    return IndexFacts(modinfo, exported, needs, weak, export_crcs, need_crcs)


def undefined(elf: Elf, table: Symbols) -> tuple[list[bytes], frozenset[bytes]]:
    """Return the names of the undefined symbols in file order, and those among them that are weak.

    Only symbols after the local ones count: gABI has all undefined symbols global or weak. SPARC's register symbols
    are undefined too but name no symbol (kernel: arch/sparc/kernel/module.c).
    """
    size = elf.layout.symbol.size
    if len(table.data) > SYMBOLS_LIMIT * size:
        raise FormatError(
            f"{len(table.data) // size} symbols", elf.source.name, table.offset, "no real module has so many"
        )
    rows = elf.layout.symbol_brief.iter_unpack(table.data[table.first_global * size :])
    if elf.machine in (EM_SPARC, EM_SPARCV9):
        pairs = [(at, info) for at, info, section in rows if not section and info & 15 != STT_SPARC_REGISTER]
    else:
        pairs = [(at, info) for at, info, section in rows if not section]
    names = [name for name in table.names([at for at, _ in pairs]) if name]
    weak = [at for at, info in pairs if info >> 4 == STB_WEAK]
    return names, frozenset(table.names(weak)) if weak else frozenset()


def exports(elf: Elf, table: Symbols, *, crcs: bool = False) -> tuple[list[bytes], dict[bytes, int]]:
    """Return the exported symbols, and their CRCs when asked.

    With CRCs in the file these are the ``__crc_NAME`` symbols, else all strings of ``__ksymtab_strings``, be it that
    some are namespaces: kmod does so (libkmod-elf.c: ``kmod_elf_get_symbols``), and an index must equal kmod's.
    """
    strings = table.strings
    at = strings.find(b"__crc_")
    if at < 0:
        return _listed_exports(elf), {}
    places = set()
    while at >= 0:
        places.add(at)
        at = strings.find(b"__crc_", at + 6)
    rows = [row for row in table.rows() if row[0] in places]
    names = [name[6:] for name in table.names([row[0] for row in rows])]
    if not names:
        return _listed_exports(elf), {}
    if not crcs:
        return names, {}
    return names, {name: resolve_crc(elf, row[2], row[3]) for name, row in zip(names, rows, strict=True)}


def resolve_crc(elf: Elf, section: int, value: int) -> int:
    """Return the CRC of a ``__crc_`` symbol: its value when absolute, else the word that it points to."""
    if section == SHN_ABS or not 0 < section < elf.count:
        return value & 0xFFFFFFFF
    return elf.word(section, value)


def _listed_exports(elf: Elf) -> list[bytes]:
    return [name for name in elf.named(b"__ksymtab_strings").split(b"\0") if name]
