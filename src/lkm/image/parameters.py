"""The parameters of a kernel image: ``struct kernel_param`` in ``__param`` (include/linux/moduleparam.h).

Its types are addresses of readers, ``param_ops_int`` and the like, which the kernel exports to modules under their
names; that of an array (``struct kparam_array``) has another one for the elements.
"""

from __future__ import annotations

from struct import Struct

from lkm.image.nouns import BuiltinParameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.formats.elf import Elf
    from lkm.image.memory import Memory

_ARRAY, _OPS = "param_array_ops", "param_ops_"


def read_parameters(elf: Elf, memory: Memory, symbols: dict[int, str]) -> Iterator[BuiltinParameter]:
    """Yield the parameters; ``symbols`` are the exports by address."""
    table = memory.section(b"__param")
    # name, mod, ops, perm (level, flags), the variable
    entry = Struct(elf.layout.order + ("QQQH6xQ" if elf.layout.is64 else "IIIH2xI"))
    for place, _, ops, mode, variable in entry.iter_unpack(table[: len(table) // entry.size * entry.size]):
        name = memory.text(place)
        if name:
            yield BuiltinParameter(name, _type(symbols.get(ops, ""), elf, memory, symbols, variable), mode)


def _type(reader: str, elf: Elf, memory: Memory, symbols: dict[int, str], variable: int) -> str:
    if reader == _ARRAY:
        word = elf.layout.word.size
        # two unsigned ints, the address of a counter, then the elements' reader
        ops = memory.pointer(variable + 8 + word)
        return "array of " + (_type(symbols.get(ops or 0, ""), elf, memory, symbols, 0) or "?")
    return reader.removeprefix(_OPS) if reader.startswith(_OPS) else ""
