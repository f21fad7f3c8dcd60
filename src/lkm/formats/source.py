"""Bytes that can be read in parts, so that a 5 MB module costs a few kB of reading."""

from __future__ import annotations

from lkm.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object


class Source(Protocol):
    """A file or a buffer. ``size`` is in bytes; ``name`` says where the bytes come from."""

    @property
    def name(self) -> str:
        """Return the path, for messages."""

    @property
    def size(self) -> int:
        """Return the number of bytes."""

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes; raises FormatError when the source ends before that."""


class BytesSource:
    """A source in memory.

    >>> BytesSource(b"abcdef", "x").read(2, 3)
    b'cde'
    >>> BytesSource(b"abc", "x.ko").read(2, 3)
    Traceback (most recent call last):
    lkm.errors.FormatError: x.ko: at byte 2: needs 3 bytes here, but the file ends at byte 3
    """

    __slots__ = ("_data", "name")

    def __init__(self, data: bytes, name: str = "") -> None:
        self._data = data
        self.name = name

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return len(self._data)

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes at ``offset``."""
        if offset < 0 or length < 0 or offset + length > len(self._data):
            raise ends_early(self.name, offset, length, len(self._data))
        return self._data[offset : offset + length]


def ends_early(name: str, offset: int, length: int, size: int) -> FormatError:
    """Return the error for a read past the end."""
    return FormatError(f"needs {length} bytes here, but the file ends at byte {size}", name, offset)
