"""The device tables in a module file of Linux 2.4: which devices its driver knows.

``MODULE_DEVICE_TABLE(pci, t)`` of 2.4 made two local symbols: ``__module_pci_device_size``, the size of an entry, and
``__module_pci_device_table``, a pointer to the table (include/linux/module.h: ``MODULE_GENERIC_TABLE``). A table ends
with an entry of zeros. The structures: linux/pci.h, usb.h, isapnp.h, drivers/ieee1394/hosts.h; those of parport and
the PnP BIOS are from memory.
"""

from __future__ import annotations

from struct import Struct

from lkm.errors import FormatError
from lkm.formats.elf import SHN_UNDEF, SHT_NOBITS, SIZE, TYPE, Elf, symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.elf import Symbols
    from lkm.formats.source import Source

    #: Kind of table → its entries, each the fields of the structure in their order.
    Tables = dict[str, tuple[tuple[int | bytes, ...], ...]]

#: Kind → the fields of an entry: W is a word of the machine, which is aligned.
SHAPES = {
    "pci_device": "6IW",
    "usb_device": "5H6BW",
    "isapnp_card": "W2H16H",
    "isapnp_device": "4HW",
    "ieee1394_device": "5IW",
    "parport_device": "WW",
    "pnpbios_device": "8sW",
}
_RESERVED = 0xFF00


def read_tables(source: Source) -> Tables:
    """Return the device tables of a file; a string that an entry points to stands in the place of the pointer.

    Raises FormatError for a table that is not whole.
    """
    elf = Elf(source)
    table = symbols(elf)
    found: Tables = {}
    if table is None:
        return found
    rows = list(table.rows())
    names = table.names([row[0] for row in rows])
    places = {name: (row[2], row[3]) for row, name in zip(rows, names, strict=True) if name.startswith(b"__module_")}
    for kind, fields in SHAPES.items():
        size, pointer = (places.get(f"__module_{kind}_{what}".encode()) for what in ("size", "table"))
        if size and pointer:
            found[kind] = _Reader(elf, table).entries(kind, fields, size, pointer)
    return found


class _Reader:
    """Reads words, and follows pointers, in a relocatable file."""

    def __init__(self, elf: Elf, table: Symbols) -> None:
        self._elf = elf
        self._table = table
        self._pointers: dict[int, dict[int, tuple[int, int | None]]] = {}

    def entries(
        self, kind: str, fields: str, size: tuple[int, int], pointer: tuple[int, int]
    ) -> tuple[tuple[int | bytes, ...], ...]:
        """Return the entries of a table."""
        word = self._elf.layout.word.size
        step = self._elf.number(self._bytes(*size, word))
        shape = Struct(self._elf.layout.order + _aligned(fields, word))
        if step < shape.size:
            raise FormatError(f"__module_{kind}_size is {step}, less than {shape.size}", self._elf.source.name)
        target = self._follow(*pointer)
        if target is None:
            raise FormatError(f"__module_{kind}_table points to nothing in this file", self._elf.source.name)
        section, at = target
        out: list[tuple[int | bytes, ...]] = []
        while True:
            data = self._bytes(section, at, step)
            row: tuple[int | bytes, ...] = shape.unpack_from(data)
            text = self._text(section, at) if kind == "parport_device" else b""
            if not any(data) and not text:
                return tuple(out)
            out.append((text, *row[1:]) if kind == "parport_device" else row)
            at += step

    def _bytes(self, section: int, at: int, count: int) -> bytes:
        if not SHN_UNDEF < section < min(self._elf.count, _RESERVED):
            raise FormatError("a device table is not in this file", self._elf.source.name)
        head = self._elf.header(section)
        if head[TYPE] == SHT_NOBITS:
            return bytes(count)
        if not 0 <= at <= head[SIZE] - count:
            raise FormatError("a device table has no end", self._elf.source.name, at)
        return self._elf.source.read(head[4] + at, count)

    def _follow(self, section: int, at: int) -> tuple[int, int] | None:
        """Return section and place that the pointer at a place leads to, or None where it leads to none."""
        if section not in self._pointers:
            rows = self._elf.relocations(section)
            self._pointers[section] = {offset: (symbol, addend) for offset, symbol, addend in rows}
        found = self._pointers[section].get(at)
        if found is None:
            return None
        _, _, target, value = self._table.row(found[0])
        word = self._elf.layout.word.size
        addend = self._elf.number(self._bytes(section, at, word)) if found[1] is None else found[1]
        return target, value + addend

    def _text(self, section: int, at: int) -> bytes:
        target = self._follow(section, at)
        if target is None:
            return b""
        text = bytearray()
        while (char := self._bytes(target[0], target[1] + len(text), 1)) != b"\0":
            text += char
        return bytes(text)


def _aligned(fields: str, word: int) -> str:
    """Return the struct format of an entry, with what the compiler leaves empty before its words.

    >>> _aligned("5IW", 8), _aligned("5IW", 4), _aligned("W2H16H", 8)
    ('5I4xQ', '5II', 'Q2H16H')
    """
    code = "Q" if word == 8 else "I"
    if fields.endswith("W") and not fields.startswith("W"):
        head = Struct(f"<{fields[:-1]}").size
        gap = -head % word
        return fields[:-1] + (f"{gap}x" if gap else "") + code
    return fields.replace("W", code)
