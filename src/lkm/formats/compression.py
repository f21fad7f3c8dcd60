"""Compressed module files: gzip, xz and zstandard, told apart by their first bytes as kmod does, not by file name."""

from __future__ import annotations

from lkm.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from zstandard import ZstdDecompressor

_MAGIC = {"gz": b"\x1f\x8b", "xz": b"\xfd7zXZ\0", "zst": b"\x28\xb5\x2f\xfd"}

#: No module comes near this; a few kB of hostile input can claim far more.
LIMIT = 1 << 30

# Real modules shrink to a tenth; debug information of one sort repeated to a fiftieth. Beyond that it is a bomb.
_RATIO, _FLOOR = 256, 32 << 20
_STREAMS = 64
_zstd: ZstdDecompressor | None = None


def kind_of(head: bytes) -> str:
    r"""Return "gz", "xz", "zst" or "" by a file's first six bytes.

    >>> kind_of(b"\xfd7zXZ\0"), kind_of(b"\x7fELF")
    ('xz', '')
    """
    for kind, magic in _MAGIC.items():
        if head.startswith(magic):
            return kind
    return ""


def decompress(data: bytes, kind: str, name: str, limit: int = LIMIT) -> bytes:
    """Return the contents of compressed ``data`` of a ``kind`` that :func:`kind_of` names; "" returns it as it is.

    Several compressed streams in a row make one file. Raises FormatError when the data are broken, end early, are
    followed by something else than zero bytes, or make more than ``limit`` bytes.
    """
    if not kind:
        return data
    if kind == "zst" and (whole := _one_frame(data, limit)) is not None:
        return whole
    out: list[bytes] = []
    limit = room = min(limit, _FLOOR + _RATIO * len(data))
    rest = data
    for _ in range(_STREAMS):
        if not rest:
            break
        decoder, fault = _decoder(kind)
        at = len(data) - len(rest)
        try:
            piece: bytes = decoder.decompress(rest, room + 1)
        except fault as error:
            raise FormatError(f"broken {kind} data: {error}", name, at) from None
        except MemoryError:
            raise FormatError(f"this {kind} data wants more memory than there is", name, at) from None
        room -= len(piece)
        if room < 0:
            raise FormatError(f"{kind} data that make more than {limit} bytes", name, at)
        out.append(piece)
        if not decoder.eof:
            raise FormatError(f"{kind} data that end early: the file is cut off", name, len(data))
        rest = decoder.unused_data.lstrip(b"\0")
    if rest:
        raise FormatError(f"more than {_STREAMS} {kind} streams in one file", name, len(data) - len(rest))
    return out[0] if len(out) == 1 else b"".join(out)


def _one_frame(data: bytes, limit: int) -> bytes | None:
    """Return the contents of what zstd(1) makes of a file: one frame that tells its size; None for all else.

    One call into a buffer of that size takes half the time of a stream, which copies what it makes twice.
    """
    global _zstd
    import zstandard

    try:
        size = zstandard.frame_content_size(data)
        if not 0 < size <= min(limit, _FLOOR + _RATIO * len(data)):
            return None
        _zstd = _zstd or zstandard.ZstdDecompressor()
        return _zstd.decompress(data, allow_extra_data=False)
    except (zstandard.ZstdError, MemoryError):
        return None  # streams tell what is wrong with it


def _decoder(kind: str) -> tuple[Any, type[Exception]]:
    """Return a new decoder and the exception it raises. Each library is imported only when a file needs it."""
    if kind == "gz":
        import zlib

        return zlib.decompressobj(31), zlib.error
    if kind == "xz":
        import lzma

        # the memory limit is far above what `xz -9` needs; without one a header could ask for 4 GiB
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=160 << 20), lzma.LZMAError
    if kind == "zst":
        import sys

        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        return zstd.ZstdDecompressor(), zstd.ZstdError
    raise ValueError(f"no such kind of compression: {kind}")
