"""What a kernel image exports: ``struct kernel_symbol`` (include/linux/export-internal.h, kernel/module/internal.h).

An entry is value, name and (since 5.4) namespace: pointers, or with HAVE_ARCH_PREL32_RELOCATIONS 32-bit distances
from their own places. The image does not say which: only the true layout makes every name one of
``__ksymtab_strings``. ``__kcrctab`` has the CRCs, or (MODULE_REL_CRCS, Linux 4.12 to 5.18) distances to them.
The newest kernels have all entries in ``__ksymtab`` and a byte of flags for each in ``__kflagstab``.
"""

from __future__ import annotations

from struct import Struct, iter_unpack

from lkm.errors import FormatError
from lkm.modfile.nouns import Export

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.formats.elf import Elf
    from lkm.image.memory import Memory

_ADDRESS, _SIZE = 3, 5
_FLAG_GPL_ONLY = 1


def read_exports(elf: Elf, memory: Memory) -> dict[Export, int]:
    """Return the exports and where each is, sorted by name. Raises FormatError for a table that makes no sense."""
    found = [*_table(elf, memory, b"", False), *_table(elf, memory, b"_gpl", True)]
    return dict(sorted(found, key=lambda pair: pair[0].name))


def _table(elf: Elf, memory: Memory, suffix: bytes, gpl_only: bool) -> Iterator[tuple[Export, int]]:
    table = memory.section(b"__ksymtab" + suffix)
    if not table:
        return
    rows = _rows(elf, table, elf.header(elf.find(b"__ksymtab" + suffix))[_ADDRESS])
    if rows is None:
        raise FormatError(f"__ksymtab{suffix.decode()} has a layout that is not known", elf.source.name)
    crcs = _crcs(elf, memory, suffix)
    if crcs and len(crcs) != len(rows):
        raise FormatError(f"{len(rows)} exports, but {len(crcs)} CRCs", elf.source.name)
    flags = b"" if gpl_only else memory.section(b"__kflagstab")
    if flags and len(flags) != len(rows):
        raise FormatError(f"{len(rows)} exports, but flags for {len(flags)}", elf.source.name)
    crcs = crcs or [None] * len(rows)
    for (value, place, space), crc, flag in zip(rows, crcs, flags or bytes(len(rows)), strict=True):
        namespace = (memory.text(space) or "") if space else ""
        yield Export(memory.text(place) or "", gpl_only or bool(flag & _FLAG_GPL_ONLY), namespace, crc), value


def _rows(elf: Elf, table: bytes, start: int) -> list[tuple[int, int, int]] | None:
    """Return the addresses of value, name and namespace (0: none) of each entry."""
    order = elf.layout.order
    strings = elf.header(elf.find(b"__ksymtab_strings"))
    low, high = strings[_ADDRESS], strings[_ADDRESS] + strings[_SIZE]
    for relative, fields in ((True, 3), (False, 3), (True, 2), (False, 2)):
        entry = Struct(order + ("i" if relative else "Q" if elf.layout.is64 else "I") * fields)
        if len(table) % entry.size:
            continue
        word = entry.size // fields
        rows = []
        for number, row in enumerate(entry.iter_unpack(table)):
            at = start + number * entry.size if relative else 0
            space = 0 if fields == 2 or not row[2] else row[2] + (at + 2 * word if relative else 0)
            rows.append((row[0] + at, row[1] + (at + word if relative else 0), space))
        if all(low <= place < high for _, place, _ in rows):
            return rows
    return None


def _crcs(elf: Elf, memory: Memory, suffix: bytes) -> list[int | None]:
    data = memory.section(b"__kcrctab" + suffix)
    data = data[: len(data) & ~3]
    crcs: list[int | None] = [crc for (crc,) in iter_unpack(elf.layout.order + "I", data)]
    start = elf.header(elf.find(b"__kcrctab" + suffix))[_ADDRESS] if data else 0
    far = [memory.number(start + 4 * n + d) for n, (d,) in enumerate(iter_unpack(elf.layout.order + "i", data))]
    # only distances all lead into the image
    return far if far and None not in far else crcs
