"""The order in which kmod's hash tables hand out their keys: some of depmod's text files are written in it.

The hash is Paul Hsieh's SuperFastHash (public: azillionmonkeys.com/qed/hash.html); a key goes to the bucket
``hash % buckets``, and within a bucket keys are sorted by bytes (kmod: shared/hash.c; found by the oracle's output).

All keys of one length are hashed at once: their values are the 64-bit lanes of one big integer, whose arithmetic
Python does in C. Lanes hold 32-bit numbers, so a shift or a sum never reaches the next lane before it is masked.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def hash_order(keys: Iterable[bytes], buckets: int) -> list[bytes]:
    """Return distinct keys in the order of a table with ``buckets`` buckets, a power of two of at most 65536.

    >>> hash_order([b"msdos", b"vfat", b"fat", b"hello"], 512)
    [b'fat', b'hello', b'vfat', b'msdos']
    """
    same_length: dict[int, list[bytes]] = {}
    for key in keys:
        same_length.setdefault(len(key), []).append(key)
    table: list[list[bytes]] = [[] for _ in range(buckets)]
    for length, group in same_length.items():
        for bucket, key in zip(_buckets(group, length, buckets), group, strict=True):
            table[bucket].append(key)
    for row in table:
        row.sort()
    return [key for row in table for key in row]


def hash_place(key: bytes, buckets: int) -> int:
    """Return the bucket of one key.

    >>> hash_place(b"msdos", 512) > hash_place(b"vfat", 512)
    True
    """
    (bucket,) = _buckets([key], len(key), buckets)
    return bucket


def _buckets(keys: list[bytes], length: int, buckets: int) -> Iterable[int]:
    """Return the bucket of every key; all are ``length`` bytes long."""
    count = len(keys)
    text = b"".join(keys)
    ones = int.from_bytes(b"\1\0\0\0\0\0\0\0" * count, "little")
    mask = ones * 0xFFFFFFFF
    h = ones * length
    whole = length & ~3
    for at in range(0, whole, 4):
        h = h + _column(text, at, length, 2) & mask
        h = (h << 16 & mask) ^ (_column(text, at + 2, length, 2) << 11) ^ h
        h = h + _right(h, 11, ones) & mask
    rest = length - whole
    if rest == 3:
        h = h + _column(text, whole, length, 2) & mask
        h ^= h << 16 & mask
        h ^= _column(text, whole + 2, length, 1) << 18
        h = h + _right(h, 11, ones) & mask
    elif rest == 2:
        h = h + _column(text, whole, length, 2) & mask
        h ^= h << 11 & mask
        h = h + _right(h, 17, ones) & mask
    elif rest == 1:
        h = h + _column(text, whole, length, 1) & mask
        h ^= h << 10 & mask
        h = h + _right(h, 1, ones) & mask
    for left, right in ((3, 5), (4, 17), (25, 6)):
        h ^= h << left & mask
        h = h + _right(h, right, ones) & mask
    low = (h & ones * (buckets - 1)).to_bytes(8 * count, "little")
    return [first | second << 8 for first, second in zip(low[::8], low[1::8], strict=True)]


def _column(text: bytes, at: int, length: int, width: int) -> int:
    """Return bytes ``at`` .. ``at + width`` (little-endian) of every key, in lanes."""
    lanes = bytearray(len(text) // length * 8)
    for i in range(width):
        lanes[i::8] = text[at + i :: length]
    return int.from_bytes(lanes, "little")


def _right(h: int, by: int, ones: int) -> int:
    """Shift every lane right; what falls into the lane below is cut off."""
    return h >> by & ones * (0xFFFFFFFF >> by)
