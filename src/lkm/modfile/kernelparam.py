"""The parameters that the kernel itself sees: ``__param``, a table of ``struct kernel_param``.

(include/linux/moduleparam.h) Each has pointers to its name, its module and the functions that read it, 2 bytes of
mode for sysfs, a level, flags, and a pointer to where the value goes: for arrays and strings to a structure that
begins with the number of elements, or of bytes. All pointers are relocations. ``parmtype`` records are for people.
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.formats.elf import OFFSET, SHT_NOBITS, SIZE, TYPE, Elf, symbols
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.elf import Symbols
    from lkm.formats.source import Source

UNSAFE, HARDWARE = 1, 2  # KERNEL_PARAM_FL_UNSAFE, KERNEL_PARAM_FL_HWPARAM
_NO_VALUE = 1  # KERNEL_PARAM_OPS_FL_NOARG
_OPS = "param_ops_"
_ARRAY = "param_array_ops"
#: Type → bytes of its value; those of ``long`` depend on the machine.
_SIZES = {"byte": 1, "short": 2, "ushort": 2, "int": 4, "uint": 4, "hexint": 4, "bint": 4, "ullong": 8}
_SIZES |= {"bool": 1, "invbool": 1, "bool_enable_only": 1}
_SWITCHES = ("bool", "invbool", "bool_enable_only", "bint")
_SIGNED = ("short", "int", "long")


class KernelParam(Record):
    """``type`` as in ``parmtype`` (``int``, ``array of int``, ``string``), empty where the module reads it itself.

    ``mode``: of its file in sysfs, 0 for none. ``limit``: elements of an array, bytes of a string with the zero at
    its end; None where the file does not tell. ``bare``: a name without a value is right. ``default``: the value that
    the file gives it, as sysfs would show it; None where it was not asked for, for arrays, and for what the module
    reads by functions of its own. Its init may still change it.
    """

    name: str
    type: str
    mode: int = 0
    flags: int = 0
    limit: int | None = None
    bare: bool = False
    default: str | None = None


def read_params(source: Source, *, defaults: bool = False) -> tuple[KernelParam, ...] | None:
    """Return the table in its order, None where the file has none; with ``defaults`` only when asked for, as these
    take a look at all relocations of the data. Raises FormatError.
    """
    elf = Elf(source)
    section, table = elf.find(b"__param"), symbols(elf)
    if not section or table is None:
        return None
    return _Table(elf, table, section).read(defaults=defaults)


class _Table:
    def __init__(self, elf: Elf, table: Symbols, section: int) -> None:
        self.elf, self.table, self.section = elf, table, section
        self.word = elf.layout.word.size
        self.size = 4 * self.word + (8 if self.word == 8 else 4)
        self.links: dict[int, dict[int, tuple[int, int, int]]] = {}

    def read(self, *, defaults: bool) -> tuple[KernelParam, ...]:
        data = self.elf.read(self.section)
        found = []
        for start in range(0, len(data) // self.size * self.size, self.size):
            name = self.text(self.target(self.section, start))
            if name is None:
                continue
            place = start + 3 * self.word
            mode, flags = self.elf.number(data[place : place + 2]), data[place + 3]
            ops = self.target(self.section, start + 2 * self.word)
            kind = self.operations(ops)
            limit = None
            argument = self.target(self.section, start + self.size - self.word)
            if kind in (_ARRAY, "string") and argument is not None:
                limit = self.number(argument)
                if kind == _ARRAY:
                    inner = self.target(argument[1], argument[2] + 8 + self.word)
                    kind = f"array of {self.operations(inner)}"
            bare = kind in ("bool", "bint", "bool_enable_only") or (not kind and self.own_flags(ops) & _NO_VALUE != 0)
            default = self.default(kind, argument) if defaults else None
            found.append(KernelParam(name, kind, mode, flags, limit, bare, default))
        return tuple(found)

    def target(self, section: int, at: int) -> tuple[int, int, int] | None:
        """Return (symbol, section, place) of what a pointer leads to, None where no relocation makes one."""
        if section not in self.links:
            links = {}
            for offset, symbol, addend in self.elf.relocations(section):
                _, _, where, value = self.table.row(symbol)
                links[offset] = (symbol, where, value + (addend or 0))
            self.links[section] = links
        return self.links[section].get(at)

    def text(self, target: tuple[int, int, int] | None) -> str | None:
        if target is None or not 0 < target[1] < self.elf.count:
            return None
        data, at = self.elf.read(target[1]), target[2]
        return data[at : data.find(b"\0", at)].decode("utf-8", "surrogateescape") if 0 <= at < len(data) else None

    def operations(self, target: tuple[int, int, int] | None) -> str:
        """Return the type that these functions read; empty for the module's own functions."""
        if target is None or target[1]:
            return ""
        (name,) = self.table.names([self.table.row(target[0])[0]])
        text = name.decode("utf-8", "surrogateescape")
        return text.removeprefix(_OPS) if text.startswith(_OPS) else text if text == _ARRAY else ""

    def number(self, target: tuple[int, int, int]) -> int | None:
        try:
            return self.elf.word(target[1], target[2])
        except FormatError:
            return None

    def default(self, kind: str, target: tuple[int, int, int] | None) -> str | None:
        """Return the value that stands where a parameter points to (kernel/params.c: ``param_get_*``)."""
        if target is None:
            return None
        try:
            if kind == "charp":
                return self.text(self.target(target[1], target[2])) or ""
            if kind == "string":  # struct kparam_string: the length, then a pointer
                return self.text(self.target(target[1], target[2] + self.word)) or ""
            return self.plain(kind, target)
        except FormatError:
            return None

    def plain(self, kind: str, target: tuple[int, int, int]) -> str | None:
        """Return the value of a number or a switch."""
        size = {**_SIZES, "long": self.word, "ulong": self.word}.get(kind)
        data = self.data(target[1], target[2], size) if size else None
        if data is None:
            return None
        number = self.elf.number(data)
        if kind in _SWITCHES:
            return "Y" if bool(number) != (kind == "invbool") else "N"
        if kind in _SIGNED and number >> (8 * len(data) - 1):
            number -= 1 << 8 * len(data)
        return f"0x{number:08x}" if kind == "hexint" else str(number)

    def data(self, section: int, at: int, size: int) -> bytes | None:
        """Return bytes of a section; zeros where it has no contents (.bss), None where there are none."""
        if not 0 < section < self.elf.count:
            return None
        head = self.elf.header(section)
        if not 0 <= at <= head[SIZE] - size:
            return None
        return bytes(size) if head[TYPE] == SHT_NOBITS else self.elf.source.read(head[OFFSET] + at, size)

    def own_flags(self, target: tuple[int, int, int] | None) -> int:
        return (self.number(target) or 0) if target is not None and target[1] else 0
