"""``modules.lkm-cache``: what depmod found in the module files the last time, and what it wrote from that.

    magic (16 bytes) | CRC-32 of what follows (u32) | count of files (u32) | sizes of the 15 blobs (u32 each) | blobs

All numbers are little-endian. The blobs are: the context (version of lkm, options, source directory); the stamps
(STAMP for each file: size, mtime_ns, inode, ctime_ns, content hash); the paths, each ended by a zero byte; the
lengths of the facts' four parts (u32 for each file, part by part) and these parts, each of all files together; the
outputs (``NAME SIZE CRC``, a line each), empty when something had to be complained of; and what :class:`Derived` has.
A file that is foreign, of another version, or whose sums do not agree is no cache. Nothing in it is executed or
unmarshalled, so the worst a wrong one can do is to be wrong; who may write it is looked at before (system/depcache).
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from struct import Struct
from zlib import crc32

from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    #: A module's facts: records, exports, needs and weak needs, each a list whose items are ended by zero bytes.
    Packed = tuple[bytes, bytes, bytes, bytes]

MAGIC = b"lkm depmod   2\r\n"
STAMP = Struct("<QqQq16s")
NO_HASH = bytes(16)
_PARTS = 4
_BLOBS = 15
_HEAD = Struct(f"<II{_BLOBS}I")


class Column:
    """One part of the facts of many modules, in a row; cut into pieces only when these are asked for.

    >>> column = Column.of([b"a", b"", b"bc"])
    >>> column.blob, list(column.lengths), column[2], list(column)
    (b'abc', [1, 0, 2], b'bc', [b'a', b'', b'bc'])
    >>> list(column.taken([2, -1, 0], {1: b"new"}))
    [b'bc', b'new', b'a']
    """

    __slots__ = ("_ends", "blob", "lengths")

    def __init__(self, blob: bytes, lengths: Sequence[int]) -> None:
        self.blob = blob
        self.lengths = lengths
        self._ends: list[int] | None = None

    @classmethod
    def of(cls, pieces: Sequence[bytes]) -> Column:
        """Return the column of these pieces."""
        return cls(b"".join(pieces), [*map(len, pieces)])

    @property
    def ends(self) -> list[int]:
        """Return where each piece ends, after a 0."""
        if self._ends is None:
            self._ends = list(accumulate(self.lengths, initial=0))
        return self._ends

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, place: int) -> bytes:
        return self.blob[self.ends[place] : self.ends[place + 1]]

    def __iter__(self) -> Iterator[bytes]:
        blob, ends = self.blob, self.ends
        return iter([blob[start:end] for start, end in pairwise(ends)])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Column) and list(self) == list(other)

    def taken(self, places: Sequence[int], new: Mapping[int, bytes]) -> Column:
        """Return a column whose pieces are those at ``places``; where these have -1, the one that ``new`` has."""
        blob, lengths, ends = self.blob, self.lengths, self.ends
        parts = []
        start = stop = 0
        for i, place in enumerate(places):
            if place != stop or place < 0:
                parts.append(blob[ends[start] : ends[stop]])
                start = stop = place
            if place < 0:
                parts.append(new[i])
                start = stop = 0
            else:
                stop += 1
        parts.append(blob[ends[start] : ends[stop]])
        return Column(
            b"".join(parts), [lengths[place] if place >= 0 else len(new[i]) for i, place in enumerate(places)]
        )


class Derived(Record):
    """What indexes were made of, for changing them later (:mod:`lkm.index.amend`); a list goes by module.

    ``direct``: the modules that each needs itself. ``alias_sizes``: the bytes of each in modules.alias. ``fields``:
    of modules.dep.bin, modules.alias.bin and modules.symbols.bin (see :mod:`lkm.index.triemerge`).
    """

    direct: Sequence[Sequence[int]]
    alias_sizes: Sequence[int]
    fields: tuple[bytes, bytes, bytes]


class Cache(Record):
    """A cache's contents; ``stamps``, ``paths`` and ``facts`` go by file."""

    context: bytes
    stamps: bytes
    paths: bytes
    facts: tuple[Column, Column, Column, Column]
    outputs: bytes
    derived: Derived | None = None


def pack(names: Sequence[bytes]) -> bytes:
    r"""Return names in a row, each ended by a zero byte.

    >>> pack([b"a", b""]), unpack(b"a\0\0"), unpack(b"")
    (b'a\x00\x00', [b'a', b''], [])
    """
    return b"\0".join([*names, b""])


def unpack(blob: bytes) -> list[bytes]:
    """Return the names that :func:`pack` was given."""
    return blob[:-1].split(b"\0") if blob else []


def dump(cache: Cache) -> list[bytes]:
    """Return the file, in parts."""
    count = len(cache.facts[0])
    lengths = b"".join([_numbers(column.lengths) for column in cache.facts])
    derived = [b""] * 6
    if cache.derived:
        d = cache.derived
        edges = _numbers([edge for needed in d.direct for edge in needed])
        derived = [_numbers([*map(len, d.direct)]), edges, _numbers(d.alias_sizes), *d.fields]
    columns = [column.blob for column in cache.facts]
    blobs = [cache.context, cache.stamps, cache.paths, lengths, *columns, cache.outputs, *derived]
    body = [_HEAD.pack(0, count, *map(len, blobs))[4:], *blobs]
    total = 0
    for blob in body:
        total = crc32(blob, total)
    return [MAGIC, total.to_bytes(4, "little"), *body]


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
    context, stamps, paths, lengths, *columns, outputs = blobs[: 5 + _PARTS]
    if len(stamps) != count * STAMP.size or len(lengths) != _PARTS * 4 * count or paths.count(b"\0") != count:
        return None
    facts = []
    for part, column in enumerate(columns):
        numbers = Struct(f"<{count}I").unpack_from(lengths, part * 4 * count)
        if sum(numbers) != len(column):
            return None
        facts.append(Column(column, numbers))
    return Cache(context, stamps, paths, (facts[0], facts[1], facts[2], facts[3]), outputs, _derived(count, blobs))


def _derived(count: int, blobs: list[bytes]) -> Derived | None:
    degrees, edges, sizes, *fields = blobs[5 + _PARTS :]
    if len(degrees) != 4 * count or len(sizes) != 4 * count or len(edges) % 4:
        return None
    flat = Struct(f"<{len(edges) // 4}I").unpack(edges)
    by_module = Struct(f"<{count}I")
    ends = list(accumulate(by_module.unpack(degrees), initial=0))
    if ends[-1] != len(flat) or max(flat, default=-1) >= count:
        return None
    direct = [flat[start:end] for start, end in pairwise(ends)]
    return Derived(direct, by_module.unpack(sizes), (fields[0], fields[1], fields[2]))


def _numbers(numbers: Sequence[int]) -> bytes:
    return Struct(f"<{len(numbers)}I").pack(*numbers)


def summary(files: dict[str, bytes]) -> bytes:
    """Return what tells later whether files are still the same.

    >>> summary({"modules.dep": b"a.ko:"})
    b'modules.dep 5 1115094006\\n'
    """
    return b"".join([b"%s %d %d\n" % (name.encode(), len(data), crc32(data)) for name, data in files.items()])
