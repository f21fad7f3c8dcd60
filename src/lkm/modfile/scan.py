"""The little that an index needs of a module file, in bytes, as fast as it can be read.

depmod opens thousands of modules, so this reads some 10 kB of each and makes no object per symbol. For everything
that a module tells use :mod:`lkm.modfile.facts`.
"""

from __future__ import annotations

from itertools import compress

from lkm.errors import FormatError
from lkm.formats.elf import EM_SPARC, EM_SPARCV9, SHN_ABS, STB_WEAK, STT_SPARC_REGISTER, Elf, symbols
from lkm.modfile.versions import read_versions, version_names
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.elf import Symbols
    from lkm.formats.source import Source

    #: The fields of IndexFacts, but modinfo in one piece.
    Parts = tuple[bytes, list[bytes], list[bytes], frozenset[bytes], dict[bytes, int], dict[bytes, int]]

#: The largest real modules have some 30,000.
SYMBOLS_LIMIT = 1 << 19

_NONE: frozenset[bytes] = frozenset()
_NOT_WEAK = bytes([info for info in range(256) if info >> 4 != STB_WEAK])


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
    facts = scan_parts(source, crcs=crcs)
    return IndexFacts([record for record in facts[0].split(b"\0") if record], *facts[1:])


def scan_parts(source: Source, *, crcs: bool = False) -> Parts:
    """Return the same as a plain tuple; modinfo as the file has it."""
    elf = Elf(source)
    modinfo = elf.named(b".modinfo")
    table = symbols(elf)
    if table is None:
        return modinfo, _listed_exports(elf), [], _NONE, {}, {}
    needs, weak = undefined(elf, table)
    exported, export_crcs = exports(elf, table, crcs=crcs)
    need_crcs: dict[bytes, int] = {}
    if crcs:
        need_crcs, _ = read_versions(elf)
    names = list(need_crcs) if crcs else version_names(elf)
    more = set(names)
    more.difference_update(needs)
    if more:
        needs += more if len(more) == 1 else dict.fromkeys([name for name in names if name in more])
    return modinfo, exported, needs, weak, export_crcs, need_crcs


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
    places, infos, missing = table.columns(table.first_global)
    if elf.machine in (EM_SPARC, EM_SPARCV9):
        missing = bytes([no & (info & 15 != STT_SPARC_REGISTER) for info, no in zip(infos, missing, strict=True)])
    names = table.names(list(compress(places, missing)))
    if b"" in names:
        names = [name for name in names if name]
    if not infos.translate(None, _NOT_WEAK):
        return names, _NONE
    rows = zip(places, infos, missing, strict=True)
    weak = [at for at, info, no in rows if no and info >> 4 == STB_WEAK]
    return names, frozenset(table.names(weak))


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
    if not crcs:  # their order is of no use to an index
        names = table.names(sorted(places.intersection(table.places(1))))
        return [name[6:] for name in names] or _listed_exports(elf), {}
    rows = [row for row in table.rows() if row[0] in places]
    names = [name[6:] for name in table.names([row[0] for row in rows])]
    if not names:
        return _listed_exports(elf), {}
    return names, {name: resolve_crc(elf, row[2], row[3]) for name, row in zip(names, rows, strict=True)}


def resolve_crc(elf: Elf, section: int, value: int) -> int:
    """Return the CRC of a ``__crc_`` symbol: its value when absolute, else the word that it points to."""
    if section == SHN_ABS or not 0 < section < elf.count:
        return value & 0xFFFFFFFF
    return elf.word(section, value)


def _listed_exports(elf: Elf) -> list[bytes]:
    return [name for name in elf.named(b"__ksymtab_strings").split(b"\0") if name]
