"""What a module exports, as the kernel sees it: ``struct kernel_symbol`` (kernel: include/linux/export-internal.h).

An entry is two or three fields: where the symbol is, where its name is, where its namespace is (since Linux 5.4).
They are addresses, or distances from themselves (CONFIG_HAVE_ARCH_PREL32_RELOCATIONS), and in either case only the
relocations tell what they will be. So the relocations are read, which works for all layouts alike: one that leads
out of ``__ksymtab_strings`` begins an entry, those that follow lead into it.

Newer kernels (7.2 is one) have all entries in ``__ksymtab``, and in ``__kflagstab`` a byte of flags for each, in the
same order (kernel: include/linux/module_symbol.h, ``enum ksym_flags``). Before, the section told what is GPL only.
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.formats.elf import NAMES_LIMIT, SHN_ABS
from lkm.modfile.nouns import Export

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.elf import Elf, Symbols

# Section → for GPL modules only. The last three are gone since Linux 5.12.
_SECTIONS = (
    (b"", False),
    (b"_gpl", True),
    (b"_gpl_future", True),
    (b"_unused", False),
    (b"_unused_gpl", True),
)

_FLAGS = b"__kflagstab"
_FLAG_GPL_ONLY = 1


def read_exports(elf: Elf, table: Symbols) -> tuple[tuple[Export, ...], list[str]]:
    """Return the exports, section by section in file order, and what was wrong with some; raises FormatError."""
    index = elf.find(b"__ksymtab_strings")
    if not index:
        return (), []
    strings = elf.named(b"__ksymtab_strings")
    out: list[Export] = []
    problems: list[str] = []
    for suffix, gpl_only in _SECTIONS:
        section = elf.find(b"__ksymtab" + suffix)
        if not section:
            continue
        names = _names(elf, table, section, index, strings)
        crcs = _crcs(elf, table, suffix, len(names))
        if not names and elf.read(section):
            problems.append(f"__ksymtab{suffix.decode()} has no relocations that lead to names")
        flags = b"" if suffix else elf.named(_FLAGS)
        if flags and len(flags) != len(names):
            problems.append(f"__kflagstab has flags for {len(flags)} symbols, but __ksymtab has {len(names)}")
        flags = flags.ljust(len(names), b"\0")
        for (name, namespace), crc, flag in zip(names, crcs, flags, strict=False):
            out.append(Export(_text(name), gpl_only or bool(flag & _FLAG_GPL_ONLY), _text(namespace), crc))
    return tuple(out), problems


def _names(elf: Elf, table: Symbols, section: int, index: int, strings: bytes) -> list[tuple[bytes, bytes]]:
    """Return name and namespace of each entry of a ``__ksymtab`` section."""
    out: list[list[bytes]] = []
    data = b""
    budget = NAMES_LIMIT
    for offset, symbol, addend in elf.relocations(section):
        _, _, where, value = table.row(symbol)
        if where != index:
            out.append([])
            continue
        if addend is None:
            data = data or elf.read(section)
            addend = elf.number(data[offset : offset + 4])
        # A compiler may take another symbol as the base, so the sum may only make sense modulo the address size.
        at = (value + addend) & (0xFFFFFFFFFFFFFFFF if elf.layout.is64 else 0xFFFFFFFF)
        end = strings.find(b"\0", at) if at < len(strings) else -1
        budget -= max(end - at, 0)
        if out and end >= 0 and budget > 0:
            out[-1].append(strings[at:end])
    return [(entry[0], entry[1] if len(entry) > 1 else b"") for entry in out if entry]


def _crcs(elf: Elf, table: Symbols, suffix: bytes, count: int) -> list[int | None]:
    """Return the CRC of each entry: from ``__kcrctab``, or where its relocations lead (Linux before 5.19)."""
    section = elf.find(b"__kcrctab" + suffix)
    if not section or not count:
        return [None] * count
    data = elf.named(b"__kcrctab" + suffix)
    step = 4 if len(data) < count * elf.layout.word.size else elf.layout.word.size
    crcs: list[int | None] = [
        elf.number(data[at : at + step]) & 0xFFFFFFFF if at + step <= len(data) else None
        for at in range(0, count * step, step)
    ]
    for offset, symbol, addend in elf.relocations(section):
        _, _, where, value = table.row(symbol)
        if offset // step >= count:
            continue
        value += addend or 0
        crcs[offset // step] = value & 0xFFFFFFFF if where == SHN_ABS else _word(elf, where, value)
    return crcs


def _word(elf: Elf, section: int, at: int) -> int | None:
    try:
        return elf.word(section, at)
    except FormatError:
        return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
