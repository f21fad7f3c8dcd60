"""The parameters that the kernel itself sees: ``__param``, a table of ``struct kernel_param``.

(include/linux/moduleparam.h) Each has pointers to its name, its module and the functions that read it, 2 bytes of
mode for sysfs, a level, flags, and a pointer to where the value goes: for arrays and strings to a structure that
begins with the number of elements, or of bytes. All pointers are relocations. ``parmtype`` records are for people.
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.formats.elf import Elf, symbols
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.elf import Symbols
    from lkm.formats.source import Source

UNSAFE, HARDWARE = 1, 2  # KERNEL_PARAM_FL_UNSAFE, KERNEL_PARAM_FL_HWPARAM
_NO_VALUE = 1  # KERNEL_PARAM_OPS_FL_NOARG
_OPS = "param_ops_"
_ARRAY = "param_array_ops"


class KernelParam(Record):
    """``type`` as in ``parmtype`` (``int``, ``array of int``, ``string``), empty where the module reads it itself.

    ``mode``: of its file in sysfs, 0 for none. ``limit``: elements of an array, bytes of a string with the zero at
    its end; None where the file does not tell. ``bare``: a name without a value is right.
    """

    name: str
    type: str
    mode: int = 0
    flags: int = 0
    limit: int | None = None
    bare: bool = False


def read_params(source: Source) -> tuple[KernelParam, ...] | None:
    """Return the table in its order, None where the file has none. Raises FormatError."""
    elf = Elf(source)
    section, table = elf.find(b"__param"), symbols(elf)
    if not section or table is None:
        return None
    return _Table(elf, table, section).read()


class _Table:
    def __init__(self, elf: Elf, table: Symbols, section: int) -> None:
        self.elf, self.table, self.section = elf, table, section
        self.word = elf.layout.word.size
        self.size = 4 * self.word + (8 if self.word == 8 else 4)
        self.links: dict[int, dict[int, tuple[int, int, int]]] = {}

    def read(self) -> tuple[KernelParam, ...]:
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
            found.append(KernelParam(name, kind, mode, flags, limit, bare))
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

    def own_flags(self, target: tuple[int, int, int] | None) -> int:
        return (self.number(target) or 0) if target is not None and target[1] else 0
