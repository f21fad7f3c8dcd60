"""Writing the binary indexes ``modules.*.bin``; :mod:`lkm.index.trie` tells the format.

The tree is not built: with sorted keys every node's children are complete before the node itself, which is the order
of the file, so nodes are written as they close, with one stack of the nodes that are still open.
"""

from __future__ import annotations

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
    # An open node is (depth, key's values, bytes of children, addresses of children); the last is the deepest.
    depths = [0]
    values = [b""]
    edges: list[list[int]] = [[]]
    addresses: list[list[int]] = [[]]
    before = b""
    for key in keys:
        common = common_start(before, key)
        while depths[-1] > common:
            depth = depths.pop()
            parent = depths[-1]
            if parent < common:
                parent = common
            address = emit(out, before[parent + 1 : depth], values.pop(), edges.pop(), addresses.pop(), fields)
            if depths[-1] < common:
                depths.append(common)
                values.append(b"")
                edges.append([before[common]])
                addresses.append([address])
            else:
                edges[-1].append(before[parent])
                addresses[-1].append(address)
        if key:
            depths.append(len(key))
            values.append(blocks[key])
            edges.append([])
            addresses.append([])
        else:
            values[0] = blocks[key]
        before = key
    while len(depths) > 1:
        depth = depths.pop()
        address = emit(out, before[depths[-1] + 1 : depth], values.pop(), edges.pop(), addresses.pop(), fields)
        edges[-1].append(before[depths[-1]])
        addresses[-1].append(address)
    root = emit(out, b"", values[0], edges[0], addresses[0], fields)
    if len(out) > MASK:
        raise FormatError(f"the index would be {len(out)} bytes long, more than its offsets can tell", name)
    out[:12] = Struct(">III").pack(MAGIC, VERSION, root)
    return bytes(out)


def common_start(a: bytes, b: bytes) -> int:
    """Return how many bytes the keys have in common at their start."""
    size = min(len(a), len(b))
    differ = int.from_bytes(a[:size], "big") ^ int.from_bytes(b[:size], "big")
    return size - (differ.bit_length() + 7) // 8


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
