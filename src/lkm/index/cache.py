"""``modules.lkm-cache``: what depmod found in the module files the last time, and what it wrote from that.

    magic (16 bytes) | CRC-32 of what follows (u32) | count of files (u32) | sizes of the 6 blobs (u32 each) | blobs

All numbers are little-endian. The blobs are: the context (version of lkm, options, source directory); the stamps
(STAMP for each file: size, mtime_ns, inode, ctime_ns, content hash); the paths, each ended by a zero byte; the
lengths (LENGTHS for each file) of the four parts of its facts; the facts; and the outputs (``NAME SIZE CRC``, a line
each), empty when something had to be complained of.
A file that is foreign, of another version, or whose sums do not agree is no cache. Nothing in it is executed or
unmarshalled, so the worst a wrong one can do is to be wrong; who may write it is looked at before (system/depcache).
"""

from __future__ import annotations

from struct import Struct
from zlib import crc32

from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    #: A module's facts: records, exports, needs and weak needs, each a list whose items are ended by zero bytes.
    Packed = tuple[bytes, bytes, bytes, bytes]

MAGIC = b"lkm depmod   1\r\n"
STAMP = Struct("<QqQq16s")
LENGTHS = Struct("<4I")
_HEAD = Struct("<II6I")


class Cache(Record):
    """A cache's contents; ``stamps``, ``paths`` and ``facts`` go by file."""

    context: bytes
    stamps: bytes
    paths: bytes
    facts: Sequence[Packed]
    outputs: bytes


def pack(names: Sequence[bytes]) -> bytes:
    r"""Return names in a row, each ended by a zero byte.

    >>> pack([b"a", b""]), unpack(b"a\0\0"), unpack(b"")
    (b'a\x00\x00', [b'a', b''], [])
    """
    return b"\0".join([*names, b""])


def unpack(blob: bytes) -> list[bytes]:
    """Return the names that :func:`pack` was given."""
    return blob[:-1].split(b"\0") if blob else []


def dump(cache: Cache) -> bytes:
    """Return the file."""
    lengths = b"".join([LENGTHS.pack(*map(len, parts)) for parts in cache.facts])
    facts = b"".join([part for parts in cache.facts for part in parts])
    blobs = (cache.context, cache.stamps, cache.paths, lengths, facts, cache.outputs)
    body = b"".join([_HEAD.pack(0, len(cache.facts), *map(len, blobs))[4:], *blobs])
    return b"".join([MAGIC, crc32(body).to_bytes(4, "little"), body])


def load(data: bytes) -> Cache | None:
    """Return the contents of a file that :func:`dump` made, or None when it is not whole or is something else."""
    start = len(MAGIC)
    if data[:start] != MAGIC or len(data) < start + _HEAD.size:
        return None
    total, count, *sizes = _HEAD.unpack_from(data, start)
    at = start + _HEAD.size
    if at + sum(sizes) != len(data) or crc32(memoryview(data)[start + 4 :]) != total:
        return None
    blobs = []
    for size in sizes:
        blobs.append(data[at : at + size])
        at += size
    context, stamps, paths, lengths, facts, outputs = blobs
    if len(stamps) != count * STAMP.size or len(lengths) != count * LENGTHS.size or paths.count(b"\0") != count:
        return None
    found: list[Packed] = []
    at = 0
    for a, b, c, d in LENGTHS.iter_unpack(lengths):
        b += a + at
        c += b
        d += c
        found.append((facts[at : at + a], facts[at + a : b], facts[b:c], facts[c:d]))
        at = d
    return Cache(context, stamps, paths, found, outputs) if at == len(facts) else None


def summary(files: dict[str, bytes]) -> bytes:
    """Return what tells later whether files are still the same.

    >>> summary({"modules.dep": b"a.ko:"})
    b'modules.dep 5 1115094006\\n'
    """
    return b"".join([b"%s %d %d\n" % (name.encode(), len(data), crc32(data)) for name, data in files.items()])
