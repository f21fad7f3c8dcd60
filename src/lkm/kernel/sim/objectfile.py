"""A module file as the kernel's loader looks at it (kernel/module/main.c): headers first, nothing believed before.

It differs from :class:`lkm.formats.elf.Elf` where the kernel does: class and byte order of the file are not looked
at, only sections that are to be loaded have names that count, and each fault has the kernel's own words.
"""

from __future__ import annotations

from struct import Struct

from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
SHT_NULL, SHT_SYMTAB, SHT_RELA, SHT_NOBITS, SHT_REL = 0, 2, 4, 8, 9
SHN_UNDEF, SHN_LIVEPATCH, SHN_ABS, SHN_COMMON = 0, 0xFF20, 0xFFF1, 0xFFF2
SYMBOL = Struct("<IBBHQQ")
_HEADER = Struct("<16xHH4x16xQ4xHHHHHH")
_SECTION = Struct("<IIQQQQIIQQ")
HEADER_SIZE, _SECTION_SIZE = 64, 64


class Section(Record):
    """A section header. ``name`` is empty where it lies outside the table of names."""

    name: str
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int


class ObjectFile:
    """A file that has passed :func:`fault`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.sections = _sections(data)

    def find(self, name: str) -> int:
        """Return the number of the first section of that name that is to be loaded (``find_sec``), or 0."""
        found = (i for i, s in enumerate(self.sections) if i and s.flags & SHF_ALLOC and s.name == name)
        return next(found, 0)

    def contents(self, index: int) -> bytes:
        """Return a section's bytes in the file."""
        section = self.sections[index]
        return b"" if section.type == SHT_NOBITS else self.data[section.offset : section.offset + section.size]

    def symbol_table(self) -> int:
        """Return the number of the first section that is a symbol table, or 0."""
        return next((i for i, s in enumerate(self.sections) if i and s.type == SHT_SYMTAB), 0)

    def outside(self) -> Iterator[tuple[str, int, int]]:
        """Yield name, info and section of each symbol, but the first, that is in no section of the file."""
        strings, table = self._symbols()
        count = len(self.sections)
        for at, info, _, section, _, _ in SYMBOL.iter_unpack(table[SYMBOL.size :]):
            if not section or section >= count:
                yield _text(strings, at), info, section

    def symbol_names(self, numbers: Iterable[int]) -> list[str]:
        """Return the names of the symbols with these numbers, without those that the table has not."""
        strings, table = self._symbols()
        places = [number * SYMBOL.size for number in numbers if 0 < number < len(table) // SYMBOL.size]
        return [_text(strings, int.from_bytes(table[place : place + 4], "little")) for place in places]

    def _symbols(self) -> tuple[bytes, bytes]:
        """Return the symbols' strings, and whole entries."""
        index = self.symbol_table()
        table = self.contents(index)
        return self.contents(self.sections[index].link), table[: len(table) // SYMBOL.size * SYMBOL.size]


def _text(strings: bytes, at: int) -> str:
    return strings[at : strings.find(b"\0", at)].decode("utf-8", "surrogateescape")


def fault(data: bytes, machine: int) -> str:
    r"""Return what the kernel says of a file that it does not take, else nothing (``elf_validity_check``, in order).

    ``machine`` is the number that ELF headers must have.

    >>> fault(b"x" * 64, 62)
    'Invalid ELF header magic: != \x7fELF'
    """
    return _header_fault(data, machine) or _names_fault(data) or _sections_fault(data)


def _header_fault(data: bytes, machine: int) -> str:
    if len(data) < HEADER_SIZE:
        return f"Invalid ELF header len {len(data)}"
    if data[:4] != b"\x7fELF":
        return "Invalid ELF header magic: != \x7fELF"
    kind, made_for, start, _, _, _, step, count, names = _HEADER.unpack_from(data)
    if kind != 1:
        return f"Invalid ELF header type: {kind} != 1"
    if made_for != machine:
        return f"Invalid architecture in ELF header: {made_for}"
    if step != _SECTION_SIZE:
        return "Invalid ELF section header size"
    if start >= len(data) or count * _SECTION_SIZE > len(data) - start:
        return "Invalid ELF section header overflow"
    if names == 0 or names >= count:
        return f"Invalid ELF section name index: {names} || e_shstrndx ({names}) >= e_shnum ({count})"
    return ""


def _names_fault(data: bytes) -> str:
    heads, names = _heads(data)
    _, kind, _, _, offset, size, *_ = heads[names]
    if offset + size > len(data):
        return f"Invalid ELF section hdr(type {kind})"
    if not size:
        return "empty section name table"
    if data[offset + size - 1]:
        return "ELF Spec violation: section name table isn't null terminated"
    _, kind, _, address, _, size, *_ = heads[0]
    if kind or address or size:
        return f"ELF Spec violation: section 0 type({kind})!=SH_NULL or non-zero len or addr"
    return ""


def _sections_fault(data: bytes) -> str:
    heads, names = _heads(data)
    room = heads[names][5]
    for index, (name, kind, flags, _, offset, size, link, *_) in enumerate(heads):
        if not index or kind in (SHT_NULL, SHT_NOBITS):
            continue
        if kind == SHT_SYMTAB and (not link or link >= len(heads)):
            return f"Invalid ELF sh_link!=SHN_UNDEF({link}) or (sh_link({link}) >= hdr->e_shnum({len(heads)})"
        if offset + size > len(data):
            return f"Invalid ELF section in module (section {index} type {kind})"
        if flags & SHF_ALLOC and name >= room:
            return f"Invalid ELF section name in module (section {index} type {kind})"
    return ""


def _heads(data: bytes) -> tuple[list[tuple[int, ...]], int]:
    *_, start, _, _, _, _, count, names = _HEADER.unpack_from(data)
    return list(_SECTION.iter_unpack(data[start : start + count * _SECTION_SIZE])), names


def _sections(data: bytes) -> list[Section]:
    heads, names = _heads(data)
    at, size = heads[names][4:6]
    strings = data[at : at + size]
    return [
        Section(strings[name : strings.find(b"\0", name)].decode("utf-8", "surrogateescape"), *row[:8])
        for name, *row in heads
    ]


def is_permanent(file: ObjectFile) -> bool:
    """Tell whether it has an init but no exit (``delete_module``): what its ``struct module`` is to point to."""
    this = file.find(".gnu.linkonce.this_module")
    wanted = {
        int.from_bytes(row[12:16], "little")
        for index, section in enumerate(file.sections)
        if section.type == SHT_RELA and section.info == this
        for row in [file.contents(index)[at : at + 24] for at in range(0, section.size, 24)]
    }
    names = file.symbol_names(wanted)
    return "init_module" in names and "cleanup_module" not in names
