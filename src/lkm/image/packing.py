"""The packings that kernel images use and modules do not: lz4, lzo, bzip2 and lzma.

Each is what the kernel's build makes (scripts/Makefile.lib): ``lz4 -l``, whose legacy frame is blocks of 8 MiB, each
after its packed size; ``lzop``'s file (lib/decompress_unlzo.c reads it); ``bzip2``; and the old ``.lzma`` file.
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.formats.compression import LIMIT

_MAGIC = {"lz4": b"\x02\x21\x4c\x18", "lzo": b"\x89LZO\0\r\n\x1a\n", "bzip2": b"BZh", "lzma": b"\x5d\0\0"}
_LZ4_BLOCK = 8 << 20
_LZO_FILTER, _LZO_SUMS, _LZO_PACKED_SUMS = 0x800, (0x1, 0x100), (0x2, 0x200)


def packing_of(head: bytes) -> str:
    r"""Return "lz4", "lzo", "bzip2", "lzma" or "" by the first nine bytes.

    >>> packing_of(b"BZh91AY&S"), packing_of(b"\x7fELF")
    ('bzip2', '')
    """
    return next((packing for packing, magic in _MAGIC.items() if head.startswith(magic)), "")


def unpack(data: bytes, packing: str, name: str) -> bytes:
    """Return the contents of ``data`` packed as :func:`packing_of` says; bytes after their end do not matter.

    Raises FormatError when the data are broken, end early, or make more than 1 GiB.
    """
    try:
        return _UNPACKERS[packing](data, name)
    except (EOFError, OSError, RuntimeError, ValueError, IndexError) as error:
        raise FormatError(f"broken {packing} data: {error}", name) from None


def _lz4(data: bytes, name: str) -> bytes:
    from lz4 import block

    out: list[bytes] = []
    at = 4
    while at + 4 < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        if at + 4 + size > len(data):
            raise FormatError(f"lz4 data that end early: a block of {size} bytes does not fit", name, at)
        try:
            out.append(block.decompress(data[at + 4 : at + 4 + size], uncompressed_size=_LZ4_BLOCK))
        except block.LZ4BlockError as error:
            raise FormatError(f"broken lz4 data: {error}", name, at) from None
        at += 4 + size
        _limit(len(out) * _LZ4_BLOCK, "lz4", name, at)
    return b"".join(out)


def _lzo(data: bytes, name: str) -> bytes:
    from lzallright import LZOCompressor, LZOError

    decoder = LZOCompressor()
    version = int.from_bytes(data[9:11], "big")
    at = 13 if version < 0x940 else 15  # magic, version, library's version, version needed
    at += 1 if version < 0x940 else 2  # method, level
    flags = int.from_bytes(data[at : at + 4], "big")
    at += 4 + (4 if flags & _LZO_FILTER else 0) + (8 if version < 0x940 else 12)  # flags, filter, mode, time
    at += 1 + data[at] + 4  # a file's name, and the header's checksum
    out: list[bytes] = []
    total = 0
    while size := int.from_bytes(data[at : at + 4], "big"):
        packed = int.from_bytes(data[at + 4 : at + 8], "big")
        sums = _LZO_SUMS + (_LZO_PACKED_SUMS if packed < size else ())
        start = at + 8 + 4 * sum(bool(flags & flag) for flag in sums)
        if start + packed > len(data):
            raise FormatError(f"lzo data that end early: a block of {packed} bytes does not fit", name, at)
        _limit(total := total + size, "lzo", name, at)
        piece = data[start : start + packed]
        try:
            out.append(bytes(decoder.decompress(piece, size)) if packed < size else piece)
        except LZOError as error:
            raise FormatError(f"broken lzo data: {error}", name, at) from None
        if len(out[-1]) != size:
            raise FormatError(f"an lzo block of {len(out[-1])} bytes, not of {size}", name, at)
        at = start + packed
    if at + 4 > len(data):
        raise FormatError("lzo data that end early: the last block is not there", name, at)
    return b"".join(out)


def _bzip2(data: bytes, name: str) -> bytes:
    import bz2

    decoder = bz2.BZ2Decompressor()
    return _whole(decoder.decompress(data, LIMIT + 1), decoder.eof, "bzip2", name)


def _lzma(data: bytes, name: str) -> bytes:
    import lzma

    decoder = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=160 << 20)
    try:
        return _whole(decoder.decompress(data, LIMIT + 1), decoder.eof, "lzma", name)
    except lzma.LZMAError as error:
        raise FormatError(f"broken lzma data: {error}", name) from None


def _whole(out: bytes, at_end: bool, packing: str, name: str) -> bytes:
    _limit(len(out), packing, name, 0)
    if not at_end:
        raise FormatError(f"{packing} data that end early", name)
    return out


def _limit(size: int, packing: str, name: str, at: int) -> None:
    if size > LIMIT:
        raise FormatError(f"{packing} data that make more than {LIMIT} bytes", name, at)


_UNPACKERS = {"lz4": _lz4, "lzo": _lzo, "bzip2": _bzip2, "lzma": _lzma}
