"""Writing the binary indexes ``modules.*.bin``; :mod:`lkm.index.trie` tells the format.

The tree is not built: with sorted keys every node's children are complete before the node itself, which is the order
of the file, so nodes are written as they close, with one stack of the nodes that are still open.
"""

from __future__ import annotations

from itertools import repeat
from operator import xor
from struct import Struct

from lkm.errors import FormatError
from lkm.index.trie import CHILDS, MAGIC, MASK, PREFIX, VALUES, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_U32 = Struct(">I")
_CHILDREN = [Struct(f">BB{count}I") for count in range(1, 129)]


def value_block(values: list[tuple[int, bytes]]) -> bytes:
    """Return a node's values as the file has them; ``values`` are (priority, value) in their final order."""
    parts = [_U32.pack(len(values))]
    for priority, value in values:
        parts.append(_U32.pack(priority) + value + b"\0")
    return b"".join(parts)


def write_trie(blocks: Mapping[bytes, bytes], name: str = "", *, fields: list[int] | None = None) -> bytes:
    """Return the file for keys and their value blocks; ``fields`` gets the place of every address's last byte.

    Raises FormatError for a key with a byte of 0 or above 127, which the format cannot hold, or when the file would
    outgrow the 28 bits of its offsets.
    """
    keys = sorted(blocks)
    joined = b"".join(keys)
    if not joined.isascii() or b"\0" in joined:
        bad = next(key for key in keys if not key.isascii() or b"\0" in key)
        raise FormatError(f"only keys of 7-bit characters can be indexed, not {bad!r}", name)
    out = bytearray(12)
    # A node with children is open until the last of them. Of the deepest one: depth, values, bytes of children and
    # their addresses; those above it wait. The key before this one is a leaf, until this one begins with it.
    depth, values = 0, b""
    edges: list[int] = []
    addresses: list[int] = []
    above: list[tuple[int, bytes, list[int], list[int]]] = []
    before, block = b"", b""
    for key, common in zip([*keys, b""], commons(keys), strict=True):
        if common == len(before):
            if before:
                above.append((depth, values, edges, addresses))
                depth, edges, addresses = common, [], []
            values = block
        else:
            if common > depth:
                above.append((depth, values, edges, addresses))
                depth, values, edges, addresses = common, b"", [], []
            prefix = before[depth + 1 :]
            edges.append(before[depth])
            addresses.append(len(out) | (PREFIX | VALUES if prefix else VALUES))
            out += b"%b\0%b" % (prefix, block) if prefix else block
            while depth > common:
                parent = max(above[-1][0], common)
                address = emit(out, before[parent + 1 : depth], values, edges, addresses, fields)
                depth, values, edges, addresses = above.pop() if above[-1][0] == parent else (parent, b"", [], [])
                edges.append(before[depth])
                addresses.append(address)
        before, block = key, blocks.get(key, b"")
    root = emit(out, b"", values, edges, addresses, fields)
    if len(out) > MASK:
        raise FormatError(f"the index would be {len(out)} bytes long, more than its offsets can tell", name)
    out[:12] = Struct(">III").pack(MAGIC, VERSION, root)
    return bytes(out)


def commons(keys: list[bytes]) -> list[int]:
    """Return how many bytes each key has in common with the one before; before the first and after the last is b"".

    The first byte that differs has the lowest bit that differs, when keys are little-endian numbers; none has zeros.

    >>> commons([b"", b"ab", b"abc", b"ad"])
    [0, 0, 2, 1, 0]
    """
    numbers = [*map(int.from_bytes, keys, repeat("little")), 0]  # type: ignore[arg-type]
    differ = map(xor, [0, *numbers], numbers)
    return [(bits & -bits).bit_length() - 1 >> 3 if bits else 0 for bits in differ]


def common_start(a: bytes, b: bytes) -> int:
    """Return how many bytes the keys have in common at their start."""
    return commons([a, b])[1] if a != b else len(a)


def emit(
    out: bytearray,
    prefix: bytes,
    values: bytes,
    edges: list[int],
    addresses: list[int],
    fields: list[int] | None = None,
) -> int:
    """Append a node to the file; return its address. ``fields`` gets where the addresses of its children end."""
    address = len(out)
    if prefix:
        out += prefix
        out.append(0)
        address |= PREFIX
    if edges:
        first, last = edges[0], edges[-1]
        table = addresses
        if last - first + 1 != len(edges):
            table = [0] * (last - first + 1)
            for edge, child in zip(edges, addresses, strict=True):
                table[edge - first] = child
        if fields is not None:
            at = len(out) + 5 - 4 * first
            fields += [at + 4 * edge for edge in edges]
        out += _CHILDREN[last - first].pack(first, last, *table)
        address |= CHILDS
    if values:
        out += values
        address |= VALUES
    return address
