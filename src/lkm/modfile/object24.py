r"""A module file of Linux 2.4: a relocatable ELF file ``NAME.o`` → what insmod of modutils 2.4 saw in it.

``.modinfo`` holds ``kernel_version=``, ``parm_NAME=TYPE``, ``parm_desc_NAME=``, ``using_checksums=1`` and texts.
``__ksymtab`` holds what it exports, as pairs of words (address, address of the name); where that section is missing
all global symbols are exported. With symbol versions, names end in ``_R`` and a CRC in eight hex digits.

>>> split_version("fat_date_unix2dos_R83fb36a1")
('fat_date_unix2dos', '', '83fb36a1')
>>> split_version("printk_Rsmp_1b7d4074"), split_version("do_Rest")
(('printk', 'smp_', '1b7d4074'), ('do_Rest', '', ''))
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.formats.elf import ALIGN, ET_REL, FLAGS, SHN_UNDEF, SIZE, STB_WEAK, Elf, symbols
from lkm.modfile.modinfo import pairs
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.elf import Symbols
    from lkm.formats.source import Source

_ALLOC = 2
#: ``sizeof(struct module)`` of 2.4 on machines with words of 4 and of 8 bytes (include/linux/module.h).
_STRUCT_MODULE = {False: 96, True: 168}
#: Sections that insmod reads but does not load.
_NOT_LOADED = (b".modinfo", b".eh_frame", b".note.gnu.property", b".comment")
_SHN_RESERVED = 0xFF00


class Parm24(Record):
    """A parameter: ``type`` is ``[MIN[-MAX]]{b,h,i,l,s,cN}[p]``."""

    name: str
    type: str
    description: str = ""


class Object24(Record):
    """A file's facts. Names of symbols are as in the file, with their versions.

    ``size`` is that of the module in memory, in bytes: ``struct module``, then the loaded sections, each aligned;
    what insmod itself adds (its ``__insmod_`` symbols) is not counted. ``kernel_version`` is empty where there is
    none: such a file is no module. ``exports_listed`` tells whether there is a ``__ksymtab``; where it is not,
    ``exports`` are all global symbols.
    """

    bits: int
    byte_order: str
    machine: int
    modinfo: tuple[tuple[str, str], ...]
    size: int
    sections: tuple[tuple[str, int], ...]
    parameters: tuple[Parm24, ...] = ()
    exports: tuple[str, ...] = ()
    exports_listed: bool = False
    globals: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()

    def values(self, key: str) -> tuple[str, ...]:
        """Return the values of all modinfo records of that key, in file order."""
        return tuple([value for name, value in self.modinfo if name == key])

    @property
    def kernel_version(self) -> str:
        """Return the release that it was built for."""
        return (*self.values("kernel_version"), "")[0]

    @property
    def license(self) -> str | None:
        """Return what it says of its license, or None when it does not."""
        return (*self.values("license"), None)[0]

    @property
    def using_checksums(self) -> bool:
        """Tell whether its symbols carry versions."""
        return self.values("using_checksums")[:1] == ("1",)

    @property
    def is_module(self) -> bool:
        """Tell whether it has what insmod looks for first."""
        return bool(self.kernel_version)

    @property
    def has_can_unload(self) -> bool:
        """Tell whether it brings its own judge of unloading.

        A real module sets ``mod->can_unload`` when it starts; here it has a global symbol of that name.
        """
        return "can_unload" in self.globals


def split_version(symbol: str) -> tuple[str, str, str]:
    """Return name, prefix (``smp_`` and the like) and CRC of a symbol; the last two are empty without a version."""
    at = symbol.rfind("_R")
    crc = symbol[-8:]
    if at < 1 or len(symbol) < at + 10 or any(c not in "0123456789abcdef" for c in crc):
        return symbol, "", ""
    return symbol[:at], symbol[at + 2 : -8], crc


def read24(source: Source) -> Object24:
    """Read a ``.o`` file; raises FormatError when it is no whole relocatable ELF file with symbols."""
    elf = Elf(source)
    if elf.type != ET_REL:
        raise FormatError(f"ELF type {elf.type}, not relocatable", source.name, 16)
    table = symbols(elf)
    if table is None:
        raise FormatError("there is no symbol table", source.name, hint="it was stripped; copy the file again")
    modinfo = pairs(elf.named(b".modinfo"))
    defined, needs, weak = _symbols(table)
    listed = bool(elf.find(b"__ksymtab"))
    return Object24(
        64 if elf.layout.is64 else 32,
        "little" if elf.layout.order == "<" else "big",
        elf.machine,
        modinfo,
        _size(elf),
        tuple([(_text(elf.name(index)), elf.header(index)[SIZE]) for index in _loaded(elf)]),
        _parameters(modinfo),
        _exports(elf, table) if listed else tuple(defined),
        listed,
        tuple(defined),
        tuple(needs),
        tuple(weak),
    )


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _symbols(table: Symbols) -> tuple[list[str], list[str], list[str]]:
    """Return the global symbols: defined, undefined, undefined and weak; in the table's order."""
    defined: list[str] = []
    needs: list[str] = []
    weak: list[str] = []
    rows = list(table.rows())[table.first_global - 1 :]
    for (_, info, section, _), name in zip(rows, table.names([row[0] for row in rows]), strict=True):
        if not name or not info >> 4:
            continue
        kind = defined if section != SHN_UNDEF else weak if info >> 4 == STB_WEAK else needs
        kind.append(_text(name))
    return defined, needs, weak


def _loaded(elf: Elf) -> list[int]:
    """Return the sections that are loaded."""
    numbers = [index for index in range(1, elf.count) if elf.header(index)[FLAGS] & _ALLOC]
    return [index for index in numbers if elf.name(index) not in _NOT_LOADED]


def _size(elf: Elf) -> int:
    """Lay the loaded sections out after ``struct module`` (modutils: obj/obj_reloc.c, ``obj_load_size``)."""
    at = _STRUCT_MODULE[elf.layout.is64]
    for head in [elf.header(index) for index in _loaded(elf)]:
        align = max(head[ALIGN], 1)
        at = -(-at // align) * align + head[SIZE]
    return at


def _parameters(modinfo: tuple[tuple[str, str], ...]) -> tuple[Parm24, ...]:
    texts = {key[10:]: value for key, value in modinfo if key.startswith("parm_desc_")}
    types = {key[5:]: value for key, value in modinfo if key[:5] == "parm_" and not key.startswith("parm_desc_")}
    return tuple([Parm24(name, kind, texts.get(name, "")) for name, kind in types.items()])


def _exports(elf: Elf, table: Symbols) -> tuple[str, ...]:
    """Read the names that ``__ksymtab`` points to: each second word is relocated to a place in a section of names."""
    index = elf.find(b"__ksymtab")
    word = elf.layout.word.size
    data = elf.read(index)
    out = []
    for at, number, addend in elf.relocations(index):
        if at % (2 * word) != word:
            continue
        if at + word > len(data):
            raise FormatError("a relocation of __ksymtab lies outside of it", elf.source.name, at)
        _, _, section, value = table.row(number)
        place = value + (elf.number(data[at : at + word]) if addend is None else addend)
        if not 0 < section < min(elf.count, _SHN_RESERVED):
            raise FormatError("a name in __ksymtab is not in this file", elf.source.name, at)
        strings = elf.read(section)
        end = strings.find(b"\0", place)
        if not 0 <= place < len(strings) or end < 0:
            raise FormatError("a name in __ksymtab lies outside its section", elf.source.name, at)
        out.append(_text(strings[place:end]))
    return tuple(out)
