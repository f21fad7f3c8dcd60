"""A kernel's ELF file, with or without symbols → :class:`lkm.image.nouns.KernelFacts`.

Sections stay when the symbols are stripped, and exports are tables in sections of their own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from struct import Struct, iter_unpack

from lkm.errors import FormatError
from lkm.formats.elf import Elf
from lkm.formats.source import BytesSource
from lkm.image.nouns import KernelFacts
from lkm.image.payload import unpacked
from lkm.modfile.nouns import Export

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME, _TYPE, _ADDRESS = 0, 1, 3
_NOBITS = 8
_BANNER = re.compile(rb"Linux version (\S+) \([^\0\n]*\n?")
#: two SEQUENCEs with 2-byte lengths, [0] version 3, and the tag of the serial number: how each X.509 v3 starts
_CERTIFICATE = re.compile(rb"\x30\x82..\x30\x82..\xa0\x03\x02\x01\x02\x02", re.DOTALL)
_WITH_CERTIFICATES = (b".init.data", b"init.data", b".init.rodata", b".data", b".rodata")


def read(data: bytes, name: str = "") -> KernelFacts:
    """Return the facts of a vmlinux, a User-Mode Linux binary or an x86 bzImage; raises FormatError for others."""
    elf = Elf(BytesSource(unpacked(data, name), name))
    rodata = _contents(elf, b".rodata")
    banner = max(_BANNER.finditer(rodata), key=lambda found: len(found[0]), default=None)  # others lack the date
    if banner is None:
        raise FormatError("no kernel: its .rodata has no text `Linux version ...`", name)
    memory = _Memory(elf)
    return KernelFacts(
        banner[1].decode("utf-8", "replace"),
        banner[0].decode("utf-8", "replace").rstrip("\n"),
        _vermagic(rodata, banner[1]),
        elf.machine,
        64 if elf.layout.is64 else 32,
        tuple(
            sorted((*_exports(elf, memory, b"", False), *_exports(elf, memory, b"_gpl", True)), key=lambda e: e.name)
        ),
        tuple(_parameters(elf, memory)),
        tuple(dict.fromkeys(der for section in _WITH_CERTIFICATES for der in _certificates(_contents(elf, section)))),
    )


def _contents(elf: Elf, section: bytes) -> bytes:
    index = elf.find(section)
    return elf.read(index) if index else b""


class _Memory:
    """The image's sections at their addresses."""

    def __init__(self, elf: Elf) -> None:
        heads = ((elf.header(index), index) for index in range(1, elf.count))
        self._places = sorted((h[_ADDRESS], index) for h, index in heads if h[_ADDRESS] and h[_TYPE] != _NOBITS)
        self._elf = elf
        self._read: dict[int, bytes] = {}

    def text(self, address: int) -> str | None:
        """Return the C string at an address, or None where the image has none."""
        at = bisect_right(self._places, (address, self._elf.count)) - 1
        if at < 0:
            return None
        start, index = self._places[at]
        data = self._read.get(index)
        if data is None:
            data = self._read[index] = self._elf.read(index)
        end = data.find(b"\0", address - start)
        return data[address - start : end].decode("utf-8", "replace") if 0 <= address - start < end + 1 else None


def _exports(elf: Elf, memory: _Memory, suffix: bytes, gpl_only: bool) -> list[Export]:
    """Read one table of ``struct kernel_symbol`` (include/linux/export-internal.h, kernel/module/internal.h).

    Its entries are value, name and (since 5.4) namespace: pointers, or with HAVE_ARCH_PREL32_RELOCATIONS 32-bit
    distances from their own places. The image does not say which: only the true layout makes every name one of
    ``__ksymtab_strings``.
    """
    index = elf.find(b"__ksymtab" + suffix)
    table = elf.read(index) if index else b""
    if not table:
        return []
    start, order = elf.header(index)[_ADDRESS], elf.layout.order
    strings = elf.find(b"__ksymtab_strings")
    low = elf.header(strings)[_ADDRESS]
    high = low + len(elf.read(strings))
    sums = _contents(elf, b"__kcrctab" + suffix)
    crcs = [crc for (crc,) in iter_unpack(order + "I", sums[: len(sums) & ~3])]
    for relative, fields in ((True, 3), (False, 3), (True, 2), (False, 2)):
        entry = Struct(order + ("i" if relative else "Q" if elf.layout.is64 else "I") * fields)
        if len(table) % entry.size:
            continue
        word = entry.size // fields
        rows = []
        for number, row in enumerate(entry.iter_unpack(table)):
            at = start + number * entry.size if relative else 0
            space = 0 if fields == 2 or not row[2] else row[2] + (at + 2 * word if relative else 0)
            rows.append((row[1] + (at + word if relative else 0), space))
        if not all(low <= place < high for place, _ in rows):
            continue
        if crcs and len(crcs) != len(rows):
            raise FormatError(f"{len(rows)} exports, but {len(crcs)} CRCs", elf.source.name)
        return [
            Export(memory.text(place) or "", gpl_only, (memory.text(space) or "") if space else "", crc)
            for (place, space), crc in zip(rows, crcs or [None] * len(rows), strict=True)
        ]
    raise FormatError(f"__ksymtab{suffix.decode()} has a layout that is not known", elf.source.name)


def _parameters(elf: Elf, memory: _Memory) -> Iterator[str]:
    """Yield the names in ``__param`` (``struct kernel_param``: include/linux/moduleparam.h)."""
    table = _contents(elf, b"__param")
    entry = Struct(elf.layout.order + ("Q32x" if elf.layout.is64 else "I16x"))
    for (place,) in entry.iter_unpack(table[: len(table) // entry.size * entry.size]):
        name = memory.text(place)
        if name:
            yield name


def _vermagic(rodata: bytes, release: bytes) -> str:
    """Find the release followed by words that each end with a space (include/linux/vermagic.h)."""
    found = re.search(re.escape(release) + rb" (?:[A-Za-z0-9_.-]+ )*\0", rodata)
    return found[0][:-1].decode("ascii") if found else ""


def _certificates(data: bytes) -> Iterator[bytes]:
    """Yield the DER certificates in a section (certs/system_certificates.S puts them there one after the other)."""
    for found in _CERTIFICATE.finditer(data):
        at = found.start()
        length = 4 + int.from_bytes(data[at + 2 : at + 4], "big")
        inner = 4 + int.from_bytes(data[at + 6 : at + 8], "big")
        if inner + 4 < length <= len(data) - at:
            yield data[at : at + length]
