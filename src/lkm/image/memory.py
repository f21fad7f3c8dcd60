"""A kernel's ELF file as memory: its sections at their addresses. They stay when the symbols are stripped."""

from __future__ import annotations

from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.elf import Elf

_TYPE, _ADDRESS = 1, 3
_NOBITS = 8


class Memory:
    """What can be read at an address; None where the image has nothing."""

    def __init__(self, elf: Elf) -> None:
        heads = ((elf.header(index), index) for index in range(1, elf.count))
        self._places = sorted((h[_ADDRESS], index) for h, index in heads if h[_ADDRESS] and h[_TYPE] != _NOBITS)
        self._elf = elf
        self._read: dict[int, bytes] = {}

    def section(self, name: bytes) -> bytes:
        """Return the contents of a section, nothing where there is none."""
        index = self._elf.find(name)
        return self._elf.read(index) if index else b""

    def text(self, address: int) -> str | None:
        """Return the C string at an address."""
        data, at = self._at(address)
        end = data.find(b"\0", at)
        return data[at:end].decode("utf-8", "replace") if 0 <= at < end + 1 else None

    def number(self, address: int) -> int | None:
        """Return the 32-bit number at an address."""
        data, at = self._at(address)
        word = data[at : at + 4]
        return self._elf.number(word) if len(word) == 4 else None

    def pointer(self, address: int) -> int | None:
        """Return the pointer at an address."""
        data, at = self._at(address)
        word = data[at : at + self._elf.layout.word.size]
        return self._elf.number(word) if len(word) == self._elf.layout.word.size else None

    def _at(self, address: int) -> tuple[bytes, int]:
        """Return the section that begins last before an address, and how far into it (or behind it) that is."""
        place = bisect_right(self._places, (address, self._elf.count)) - 1
        if place < 0:
            return b"", 0
        start, index = self._places[place]
        data = self._read.get(index)
        if data is None:
            data = self._read[index] = self._elf.read(index)
        return data, address - start
