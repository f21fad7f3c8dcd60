r"""An arm64 ``Image``: a kernel as it lies in memory, without any table that tells what is where.

Its header has ``ARM\x64`` at byte 56 (Documentation/arch/arm64/booting.rst). Exports are found by what they look
like: entries of three distances (HAVE_ARCH_PREL32_RELOCATIONS), of which the second leads to a name, sorted by name.
The order of the tables is that of include/asm-generic/vmlinux.lds.h: ``__ksymtab``, ``__ksymtab_gpl``, their CRCs,
and the names. Each kernel exports ``module_layout`` (CONFIG_MODVERSIONS) or ``_printk``: by it the table is found.
"""

from __future__ import annotations

import re
from struct import Struct

from lkm.errors import FormatError
from lkm.modfile.nouns import Export

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MACHINE = 183
_MAGIC, _AT = b"ARM\x64", 56
_ENTRY = Struct("<iii")
_KNOWN = (b"module_layout", b"_printk", b"printk")
_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_.$]*\0")
#: Tables and names of today's kernels take a third of that.
_REACH = 4 << 20
_LEAST = 100


def is_flat(data: bytes) -> bool:
    """Tell whether it is an arm64 Image."""
    return data[_AT : _AT + len(_MAGIC)] == _MAGIC


def read_exports(data: bytes, name: str) -> dict[Export, int]:
    """Return the exports, and where each is in the image, sorted by name. Raises FormatError where none are found."""
    for known in _KNOWN:
        for at in _entries_of(data, known + b"\0"):
            low = high = at
            while _name(data, low - _ENTRY.size):
                low -= _ENTRY.size
            while _name(data, high):
                high += _ENTRY.size
            if (high - low) // _ENTRY.size >= _LEAST:
                return dict(sorted(_exports(data, low, high), key=lambda pair: pair[0].name))
    raise FormatError("no table of exported symbols is found in this arm64 Image", name)


def _entries_of(data: bytes, text: bytes) -> Iterator[int]:
    """Yield the places of what may be entries for this name, which may be the end of a longer one (linkers share)."""
    for found in re.finditer(re.escape(text), data):
        name = found.start()
        low = max(0, name - _REACH) & ~3
        words = memoryview(data)[low : name & ~3].cast("i")
        yield from [low + 4 * n - 4 for n, word in enumerate(words) if word + low + 4 * n == name]


def _name(data: bytes, at: int) -> bytes:
    """Return the name of the entry at a place, b"" where none can be."""
    if at < 0 or at + _ENTRY.size > len(data):
        return b""
    name = at + 4 + _ENTRY.unpack_from(data, at)[1]
    found = _NAME.match(data, name) if at < name < at + _REACH else None
    return found[0][:-1] if found else b""


def _exports(data: bytes, low: int, high: int) -> Iterator[tuple[Export, int]]:
    places = range(low, high, _ENTRY.size)
    names = [_name(data, at) for at in places]
    gpl = next((n for n in range(1, len(names)) if names[n] <= names[n - 1]), len(names))
    strings = min(at + 4 + _ENTRY.unpack_from(data, at)[1] for at in places)
    crcs = memoryview(data)[high : high + 4 * len(names)].cast("I") if strings - high >= 4 * len(names) else None
    for number, (at, name) in enumerate(zip(places, names, strict=True)):
        value, _, space = _ENTRY.unpack_from(data, at)
        found = _NAME.match(data, at + 8 + space) if space else None
        namespace = found[0][:-1].decode() if found else ""
        crc = crcs[number] if crcs else None
        yield Export(name.decode("utf-8", "replace"), number >= gpl, namespace, crc), at + value
