"""ELF relocatable files (gABI chapter 4), read in parts and trusting nothing in them.

Only what module files need: header, section headers, section contents, symbols and relocations, for 32 and 64 bit and
both byte orders. Whatever lies or ends early is one FormatError with its offset. No memory is taken in proportion to
a count in the file before the bytes that the count promises have been read.

A section header is the plain tuple that ``struct`` gives, since a depmod run reads some 200,000 of them; the names
below are places in it. They are the same for both classes.
"""

from __future__ import annotations

from struct import Struct
from sys import byteorder

from lkm.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.formats.source import Source

NAME, TYPE, FLAGS, ADDRESS, OFFSET, SIZE, LINK, INFO, ALIGN, ENTRY_SIZE = range(10)

SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOTE, SHT_NOBITS, SHT_REL = 2, 3, 4, 7, 8, 9
SHN_UNDEF, SHN_ABS, SHN_XINDEX = 0, 0xFFF1, 0xFFFF
STB_WEAK = 2
ET_REL = 1
EM_MIPS, EM_SPARC, EM_SPARCV9, STT_SPARC_REGISTER = 8, 2, 43, 13

#: Names of symbols may overlap, so a small file can describe gigabytes of them; a real one stays far below this.
NAMES_LIMIT = 64 << 20

#: The largest real ``.modinfo`` or ``__versions`` has some 100 kB; relocations of exports less.
SECTION_LIMIT = 8 << 20

_TAIL = 1024  # the section name table mostly stands before the section headers: both then come with one read


class Layout:
    """The struct formats of one class and byte order."""

    __slots__ = ("header", "is64", "order", "section", "symbol", "symbol_brief", "word")

    def __init__(self, is64: bool, order: str) -> None:
        self.is64 = is64
        self.order = order
        # e_type e_machine | e_shoff e_flags | e_shentsize e_shnum e_shstrndx
        self.header = Struct(order + ("16xHH4x16xQI6xHHH" if is64 else "16xHH4x8xII6xHHH"))
        self.section = Struct(order + ("IIQQQQIIQQ" if is64 else "10I"))
        # 64 bit: st_name st_info st_shndx st_value; 32 bit: st_name st_value st_info st_shndx
        self.symbol = Struct(order + ("IBxHQ8x" if is64 else "II4xBxH"))
        self.symbol_brief = Struct(order + ("IBxH16x" if is64 else "I8xBxH"))
        self.word = Struct(order + ("Q" if is64 else "I"))


_LAYOUTS = {(c, d): Layout(c == 2, "<" if d == 1 else ">") for c in (1, 2) for d in (1, 2)}
_OWN_ORDER = "<" if byteorder == "little" else ">"
_IS_ZERO = b"\1" + bytes(255)
_name_columns: dict[tuple[Layout, int], Struct] = {}


class Elf:
    """An ELF file's header and section table. Raises FormatError when either is not whole.

    >>> from lkm.formats.source import BytesSource
    >>> Elf(BytesSource(b"#!/bin/sh\\necho hello", "x.ko"))
    Traceback (most recent call last):
    lkm.errors.FormatError: x.ko: at byte 0: not an ELF file: it starts with 23 21 2f 62 instead of 7f 45 4c 46
    """

    __slots__ = (
        "_names",
        "_strings",
        "_table",
        "count",
        "flags",
        "layout",
        "machine",
        "source",
        "table_offset",
        "type",
    )

    def __init__(self, source: Source) -> None:
        self.source = source
        size = source.size
        start = source.read(0, min(size, 64))
        if len(start) < 16:
            raise FormatError(f"a file of {size} bytes is no module", source.name, 0)
        if start[:4] != b"\x7fELF":
            seen = f"not an ELF file: it starts with {start[:4].hex(' ')} instead of 7f 45 4c 46"
            raise FormatError(seen, source.name, 0)
        layout = _LAYOUTS.get((start[4], start[5]))
        if layout is None:
            raise FormatError(f"unknown ELF class or byte order: {start[4:6].hex(' ')}", source.name, 4)
        self.layout = layout
        if len(start) < layout.header.size:
            raise FormatError(f"the file ends at byte {size}, inside the ELF header", source.name, size)
        self.type, self.machine, table, self.flags, entry_size, count, strings = layout.header.unpack_from(start)
        self.table_offset = table
        if not table:
            raise FormatError("there are no section headers", source.name, 40 if layout.is64 else 32)
        if entry_size != layout.section.size:
            want = f"section headers of {entry_size} bytes, not {layout.section.size}"
            raise FormatError(want, source.name, 58 if layout.is64 else 46)
        if count == 0 or strings == SHN_XINDEX:  # more than 65279 sections: section 0 holds the true numbers
            first = layout.section.unpack(source.read(table, entry_size))
            count = count or first[SIZE]
            strings = first[LINK] if strings == SHN_XINDEX else strings
        if count > (size - table) // entry_size:
            raise FormatError(
                f"{count} section headers of {entry_size} bytes do not fit: the file ends at byte {size}",
                source.name,
                table,
            )
        self.count: int = count
        tail = min(_TAIL, table)
        blob = source.read(table - tail, tail + count * entry_size)
        self._table = blob[tail:]
        column = _name_columns.get((layout, count))
        if column is None:
            body = "I36x" if not layout.is64 else "I60x"
            column = Struct(layout.order + body * count)
            if count < 1000:
                _name_columns[layout, count] = column
        self._names: tuple[int, ...] = column.unpack(self._table)
        if not strings < count:
            raise FormatError(f"section names are said to be in section {strings} of {count}", source.name, table)
        head = layout.section.unpack_from(self._table, strings * entry_size)
        at = head[OFFSET] - (table - tail)
        if at >= 0 and at + head[SIZE] <= tail:
            self._strings = blob[at : at + head[SIZE]]
        else:
            self._strings = self.read(strings)
        if self._strings[-1:] != b"\0":
            raise FormatError("section names do not end with a zero byte", source.name, head[OFFSET] + head[SIZE] - 1)

    def header(self, index: int) -> tuple[int, ...]:
        """Return a section header; the names at the top of this module tell the places."""
        if not 0 <= index < self.count:
            raise FormatError(f"there is no section {index}: the file has {self.count}", self.source.name)
        return self.layout.section.unpack_from(self._table, index * self.layout.section.size)

    def find(self, name: bytes) -> int:
        """Return the index of the first section of that name, or 0 (which never is a real section)."""
        strings, wanted = self._strings, name + b"\0"
        at = strings.find(wanted)
        if at < 0:
            return 0
        more = strings.find(wanted, at + 1)
        if more < 0:
            try:
                return self._names.index(at, 1)
            except ValueError:
                return 0
        places = {at}
        while more >= 0:  # a name may also be the end of another one
            places.add(more)
            more = strings.find(wanted, more + 1)
        return next((index for index, place in enumerate(self._names) if place in places and index), 0)

    def name(self, index: int) -> bytes:
        """Return a section's name; raises FormatError when it lies outside the section name table."""
        at = self._names[index]
        if at >= len(self._strings):
            place = self.table_offset + index * self.layout.section.size
            raise FormatError(f"section {index}: its name is outside the table of names", self.source.name, place)
        return self._strings[at : self._strings.index(b"\0", at)]

    def read(self, index: int) -> bytes:
        """Return a section's contents (none for SHT_NOBITS); raises FormatError when the file ends before."""
        head = self.header(index)
        if head[TYPE] == SHT_NOBITS:
            return b""
        return self.source.read(head[OFFSET], head[SIZE])

    def named(self, name: bytes) -> bytes:
        """Return the contents of the first section of that name, or nothing when there is none.

        Meant for the sections of a module that are tables or texts; raises FormatError for one that is absurdly long.
        """
        index = self.find(name)
        if not index:
            return b""
        head = self.header(index)
        if head[SIZE] > SECTION_LIMIT and head[TYPE] != SHT_NOBITS:
            text = f"{name.decode('ascii', 'replace')} of {head[SIZE]} bytes"
            raise FormatError(text, self.source.name, head[OFFSET], "no real module comes near that")
        return self.read(index)

    def word(self, index: int, at: int) -> int:
        """Return the 32-bit word at a place in a section; raises FormatError when it is not inside."""
        head = self.header(index)
        if not 0 <= at <= head[SIZE] - 4 or head[TYPE] == SHT_NOBITS:
            raise FormatError(
                f"a word at {at} of {head[SIZE]} bytes of section {index}", self.source.name, head[OFFSET]
            )
        return self.number(self.source.read(head[OFFSET] + at, 4))

    def relocations(self, target: int) -> list[tuple[int, int, int | None]]:
        """Return a section's relocations, by offset: (offset, symbol, addend, which is None where it is in place).

        Raises FormatError when a table does not consist of whole entries, or the tables are absurdly long.
        """
        room = SECTION_LIMIT
        out: list[tuple[int, int, int | None]] = []
        wide, order = self.layout.is64, self.layout.order
        # mips64 little endian has the symbol in the low half (MIPS ELF-64 specification, 2.9)
        mips64el = wide and order == "<" and self.machine == EM_MIPS
        shift = 0 if mips64el else 32 if wide else 8
        for index in range(1, self.count):
            head = self.header(index)
            if head[TYPE] not in (SHT_RELA, SHT_REL) or head[INFO] != target:
                continue
            shape = Struct(
                order + (("QQq" if wide else "IIi") if head[TYPE] == SHT_RELA else ("QQ" if wide else "II"))
            )
            room -= head[SIZE]
            if room < 0:
                text = f"more than {SECTION_LIMIT} bytes of relocations for section {target}"
                raise FormatError(text, self.source.name, head[OFFSET])
            data = self.read(index)
            if len(data) % shape.size:
                text = f"{len(data)} bytes of relocations in steps of {shape.size}"
                raise FormatError(text, self.source.name, head[OFFSET])
            for row in shape.iter_unpack(data):
                out.append((row[0], row[1] >> shift & 0xFFFFFFFF, row[2] if len(row) > 2 else None))
        out.sort(key=lambda row: row[0])
        return out

    def number(self, data: bytes) -> int:
        """Return an unsigned number in the file's byte order."""
        return int.from_bytes(data, "little" if self.layout.order == "<" else "big")


class Symbols:
    """The symbol table and its strings. ``first_global`` is where the local symbols end."""

    __slots__ = ("data", "elf", "first_global", "offset", "strings")

    def __init__(self, elf: Elf, index: int) -> None:
        self.elf = elf
        head = elf.header(index)
        entry = elf.layout.symbol.size
        source = elf.source
        self.offset = head[OFFSET]
        size = head[SIZE]
        if head[ENTRY_SIZE] != entry or size % entry:
            raise FormatError(
                f"a symbol table of {size} bytes in steps of {head[ENTRY_SIZE]}", source.name, self.offset
            )
        strings = elf.header(head[LINK])
        if strings[OFFSET] == self.offset + size and strings[TYPE] == SHT_STRTAB:  # as ld lays them out
            blob = source.read(self.offset, size + strings[SIZE])
            self.data, self.strings = memoryview(blob)[:size], blob[size:]
        else:
            self.data, self.strings = memoryview(elf.read(index)), elf.read(head[LINK])
        if len(self.data) != size:
            raise FormatError("the symbol table has no contents", source.name, self.offset)
        if size and self.strings[-1:] != b"\0":
            raise FormatError(
                "symbol names do not end with a zero byte", source.name, strings[OFFSET] + strings[SIZE]
            )
        self.first_global = min(max(head[INFO], 1), size // entry)

    def names(self, offsets: list[int]) -> list[bytes]:
        """Return the names at these offsets of the string table; raises FormatError for one outside it."""
        strings = self.strings
        end = strings.index
        try:
            if len(offsets) * len(strings) > NAMES_LIMIT:  # possible; so add up what it really is
                room = NAMES_LIMIT
                for at in offsets:
                    room -= end(b"\0", at) - at
                    if room < 0:
                        text = f"{len(offsets)} symbols with more than {NAMES_LIMIT} bytes of names"
                        raise FormatError(text, self.elf.source.name, self.offset)
            return [strings[at : end(b"\0", at)] for at in offsets]
        except ValueError:
            worst = max(offsets)
            text = f"a symbol's name is at {worst} of {len(strings)} bytes of names"
            raise FormatError(text, self.elf.source.name, self.offset) from None

    def places(self, start: int) -> list[int]:
        """Return where in the strings the names of the symbols from number ``start`` on are."""
        layout = self.elf.layout
        step = layout.symbol.size
        if layout.order != _OWN_ORDER:
            return [row[0] for row in layout.symbol_brief.iter_unpack(self.data[start * step :])]
        places: list[int] = self.data[start * step :].cast("I")[:: step // 4].tolist()
        return places

    def columns(self, start: int) -> tuple[list[int], bytes, bytes]:
        """Return of the symbols from number ``start`` on: places of the names, infos, and 1 for each undefined one.

        The section is two bytes; both columns together are one big number each, so that no object is made for any.
        """
        layout = self.elf.layout
        step = layout.symbol.size
        info, section = (4, 6) if layout.is64 else (12, 14)
        rows = bytes(self.data[start * step :])
        low, high = rows[section::step], rows[section + 1 :: step]
        either = int.from_bytes(low, "little") | int.from_bytes(high, "little")
        return self.places(start), rows[info::step], either.to_bytes(len(low), "little").translate(_IS_ZERO)

    def row(self, index: int) -> tuple[int, int, int, int]:
        """Return one symbol as :meth:`rows` does; raises FormatError when there is none of that number."""
        step = self.elf.layout.symbol.size
        if not 0 <= index * step < len(self.data):
            text = f"there is no symbol {index}: the file has {len(self.data) // step}"
            raise FormatError(text, self.elf.source.name, self.offset)
        name, a, b, c = self.elf.layout.symbol.unpack_from(self.data, index * step)
        return (name, a, b, c) if self.elf.layout.is64 else (name, b, c, a)

    def rows(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield all symbols but the first, empty one: (place of the name, info, section, value)."""
        layout = self.elf.layout
        data = self.data[layout.symbol.size :]
        if layout.is64:
            return layout.symbol.iter_unpack(data)
        return ((name, info, section, value) for name, value, info, section in layout.symbol.iter_unpack(data))


def symbols(elf: Elf) -> Symbols | None:
    """Return the symbol table, or None when the file was stripped of it."""
    index = elf.find(b".symtab")
    return Symbols(elf, index) if index else None
