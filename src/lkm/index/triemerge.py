r"""Changing some keys of a binary index without making it anew; :mod:`lkm.index.trie` tells the format.

The file has children before parents and siblings in order, so a node and all below it is one piece of the file, in
which only addresses of children tell where it stands. So the nodes on the ways to the changed keys are taken apart,
and all other pieces are copied, their addresses moved by how far the piece moved. All addresses of a piece are moved
at once: the piece is one big number, to which another one is added that has the distance at every address.

Where addresses are is what the writer knows (``fields``), for the bytes do not show it: the place of each address's
last byte, kept as the distances between them (:func:`pack_fields`). Addresses of no child (0) are none.

>>> from lkm.index.triewriter import write_trie
>>> fields: list[int] = []
>>> old = write_trie({b"a": b"\0\0\0\0", b"bc": b"\0\0\0\0"}, fields=fields)
>>> editor = TrieEditor(old, pack_fields(fields))
>>> editor.change(b"b", lambda block: block or b"\0\0\0\0")
>>> new, _ = editor.finish()
>>> new == write_trie({b"a": b"\0\0\0\0", b"b": b"\0\0\0\0", b"bc": b"\0\0\0\0"})
True
"""

from __future__ import annotations

from struct import Struct

from lkm.errors import FormatError
from lkm.index.trie import CHILDS, MAGIC, MASK, PREFIX, VALUES, VERSION
from lkm.index.triewriter import common_start, emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    #: A node that no change came to: its address, and where the piece with all below it starts and ends.
    Piece = tuple[int, int, int]

_HEADER = Struct(">III")
_U32 = Struct(">I")
_STEPS = [bytes(zeros) + b"\1" for zeros in range(255)] + [bytes(255)]


def pack_fields(places: Sequence[int]) -> bytes:
    """Return ascending places as a byte each: how many bytes are between it and the one before; 255 is 255 bytes
    and no place.
    """
    return _pack([place - before - 1 for before, place in zip([-1, *places], places, strict=False)])


def _pack(gaps: list[int]) -> bytes:
    if not gaps or max(gaps) < 255:
        return bytes(gaps)
    return b"".join([b"\xff" * (gap // 255) + bytes((gap % 255,)) for gap in gaps])


class _Open:
    """A node that was taken apart."""

    __slots__ = ("children", "prefix", "values")

    def __init__(self, prefix: bytes, values: bytes, children: dict[int, _Open | Piece]) -> None:
        self.prefix = prefix
        self.values = values
        self.children = children


class TrieEditor:
    """An index that :func:`lkm.index.triewriter.write_trie` wrote, with changes. It trusts the file."""

    def __init__(self, data: bytes, fields: bytes) -> None:
        self._data = data
        self._marks = b"".join([_STEPS[gap] for gap in fields]).ljust(len(data), b"\0")
        address = _HEADER.unpack_from(data)[2]
        self._root = self._opened(address, _HEADER.size)
        self._out = bytearray(_HEADER.size)
        self._fields = bytearray(_HEADER.size)
        self._start = self._end = 0  # what is to be copied next

    def change(self, key: bytes, change: Callable[[bytes], bytes]) -> None:
        """Replace the value block of a key by what ``change`` makes of it; b"" is no such key."""
        node = self._root
        way: list[tuple[_Open, int]] = []
        rest = key
        while True:
            same = common_start(node.prefix, rest)
            found = same == len(node.prefix)
            rest = rest[same:]
            if not found:
                block = change(b"")
                if block:
                    below = _Open(node.prefix[same + 1 :], node.values, node.children)
                    children: dict[int, _Open | Piece] = {node.prefix[same]: below}
                    node.prefix, node.values, node.children = node.prefix[:same], b"", children
                    if rest:
                        children[rest[0]] = _Open(rest[1:], block, {})
                    else:
                        node.values = block
                return
            if not rest:
                break
            child = node.children.get(rest[0])
            if child is None:
                block = change(b"")
                if block:
                    node.children[rest[0]] = _Open(rest[1:], block, {})
                return
            if isinstance(child, tuple):
                child = node.children[rest[0]] = self._opened(*child[:2])
            way.append((node, rest[0]))
            node, rest = child, rest[1:]
        node.values = change(node.values)
        if not node.values:
            self._mend(way)

    def finish(self) -> tuple[bytes, bytes]:
        """Return the file and its fields; raises FormatError when it outgrew its offsets."""
        root = self._emit_all()
        out = self._out
        if len(out) > MASK:
            raise FormatError(f"the index would be {len(out)} bytes long, more than its offsets can tell")
        out[:12] = _HEADER.pack(MAGIC, VERSION, root)
        return bytes(out), _pack([len(gap) for gap in self._fields.split(b"\1")[:-1]])

    def _mend(self, way: list[tuple[_Open, int]]) -> None:
        """Take away nodes that hold nothing any more, and join one that only leads to another with that one."""
        for above, byte in reversed(way):
            node = above.children[byte]
            assert isinstance(node, _Open)
            if node.values or len(node.children) > 1:
                return
            if not node.children:
                del above.children[byte]
                continue
            ((edge, child),) = node.children.items()
            below = self._opened(*child[:2]) if isinstance(child, tuple) else child
            node.prefix += bytes((edge,)) + below.prefix
            node.values, node.children = below.values, below.children
            return

    def _opened(self, address: int, start: int) -> _Open:
        data = self._data
        prefix, at, table, end = self._parts(address)
        children: dict[int, _Open | Piece] = {}
        if table:
            count = data[table + 1] - data[table] + 1
            addresses = Struct(f">{count}I").unpack_from(data, table + 2)
            for edge, child in enumerate(addresses, data[table]):
                if child:
                    below = self._parts(child)[3]
                    children[edge] = (child, start, below)
                    start = below
        return _Open(prefix, data[at:end], children)

    def _parts(self, address: int) -> tuple[bytes, int, int, int]:
        """Return a node's prefix, where its values are, where its table of children is (0: none), where it ends."""
        data = self._data
        at = address & MASK
        prefix, table = b"", 0
        if address & PREFIX:
            stop = data.index(b"\0", at)
            prefix = data[at:stop]
            at = stop + 1
        if address & CHILDS:
            table = at
            at += 2 + 4 * (data[at + 1] - data[at] + 1)
        end = at
        if address & VALUES:
            end += 4
            for _ in range(_U32.unpack_from(data, at)[0]):
                end = data.index(b"\0", end + 4) + 1
        return prefix, at, table, end

    def _emit_all(self) -> int:
        """Write all nodes, children first; return the root's address. No recursion: keys may be thousands long."""
        # node, its children still to come, and their edges and addresses so far
        stack: list[tuple[_Open, Iterator[tuple[int, _Open | Piece]], list[int], list[int]]] = []
        node: _Open | None = self._root
        while True:
            if node is not None:
                stack.append((node, iter(sorted(node.children.items(), key=_edge)), [], []))
            node, children, edges, addresses = stack[-1]
            edge, child = next(children, (-1, None))
            if isinstance(child, _Open):
                edges.append(edge)
                node = child
                continue
            if child is not None:
                edges.append(edge)
                addresses.append(self._copy(*child))
            else:
                self._flush()
                stack.pop()
                address = self._emit(node, edges, addresses)
                if not stack:
                    return address
                stack[-1][3].append(address)
            node = None

    def _copy(self, address: int, start: int, end: int) -> int:
        """Take a piece, together with the one before it when they stood together; return its new address."""
        if start != self._end:
            self._flush()
            self._start = start
        self._end = end
        return address + len(self._out) - self._start

    def _flush(self) -> None:
        start, end = self._start, self._end
        if start == end:
            return
        moved = len(self._out) - start
        piece, marks = self._data[start:end], self._marks[start:end]
        self._fields += marks
        if moved:
            number = int.from_bytes(piece, "big") + moved * int.from_bytes(marks, "big")
            piece = number.to_bytes(len(piece), "big")
        self._out += piece
        self._start = self._end = 0

    def _emit(self, node: _Open, edges: list[int], addresses: list[int]) -> int:
        places: list[int] = []
        address = emit(self._out, node.prefix, node.values, edges, addresses, places)
        self._fields += bytes(len(self._out) - len(self._fields))
        for place in places:
            self._fields[place] = 1
        return address


def _edge(pair: tuple[int, _Open | Piece]) -> int:
    return pair[0]
