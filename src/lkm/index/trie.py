"""Reading the binary indexes ``modules.*.bin``: a radix tree from text keys to values with priorities.

All numbers are big-endian u32 unless said otherwise. The file is ``magic version root`` and then nodes, children
before parents. A node's address (``root``, and each child) is its offset with flags in the high bits; 0 is no node:

    [PREFIX]  bytes that all keys below have next, NUL
    [CHILDS]  first: u8, last: u8, then one address for each byte first..last, the next byte of the key
    [VALUES]  count, then count × (priority, value bytes, NUL)

Keys may hold wildcards of fnmatch(3). Format: kmod, libkmod/libkmod-index.c and tools/depmod.c (``index_write``).

In a sound file every byte belongs to one node, so one walk never consumes more bytes than the file has. That bound
(:class:`_Budget`) is what keeps cycles and shared nodes of a broken file from hanging us.
"""

from __future__ import annotations

from struct import Struct, error

from lkm.errors import FormatError
from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

    Buffer = bytes | mmap

MAGIC = 0xB007F457
VERSION = 0x00020001
PREFIX, VALUES, CHILDS = 0x80000000, 0x40000000, 0x20000000
MASK = 0x0FFFFFFF

#: No key is longer than this (kmod builds them in buffers of PATH_MAX).
MAX_KEY = 8192

#: A walk's place in the text is not known (see _Text).
UNDECIDED = -1

_LITERAL = bytes(sorted(set(range(256)) - set(b"*?[")))
_HEADER = Struct(">III")
_U32 = Struct(">I")


class _Budget:
    """The bytes that a walk may still consume."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


class _Text:
    """A text that patterns are compared with, byte by byte as a walk finds them.

    How far a pattern has come is a number: bit i is set when what was read of it matches the text's first i bytes.
    """

    __slots__ = ("all", "end", "key", "places")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.end = 1 << len(key)
        self.all = 2 * self.end - 1
        #: Byte → the places where the text has it.
        self.places: dict[int, int] = {}
        for i, byte in enumerate(key):
            self.places[byte] = self.places.get(byte, 0) | 1 << i

    def after(self, reached: int, pattern: bytes) -> int:
        """Return how far the pattern comes with these bytes: 0 when it can no longer match.

        UNDECIDED from a bracket or backslash on: what these mean only the whole pattern tells (``[`` may be literal).
        """
        if reached == UNDECIDED:
            return reached
        for byte in pattern:
            if byte == 42:  # "*"
                reached = self.all & -(reached & -reached)
            elif byte == 63:  # "?"
                reached = reached << 1 & self.all
            elif byte in b"[\\":
                return UNDECIDED
            else:
                reached = (reached & self.places.get(byte, 0)) << 1
            if not reached:
                break
        return reached


class _Node:
    """A node whose prefix is read; its children and values are read when they are asked for."""

    __slots__ = ("children", "first", "last", "offset", "prefix", "values")

    def __init__(self, offset: int, prefix: bytes, first: int, last: int, children: int, values: int) -> None:
        self.offset = offset
        self.prefix = prefix
        self.first = first
        self.last = last
        #: Offset of the table of children, and of the number of values; 0 for none.
        self.children = children
        self.values = values


class Trie:
    """A binary index in memory (or mapped). Any method may raise FormatError where the bytes make no sense."""

    def __init__(self, data: Buffer, name: str = "") -> None:
        self._data = data
        self.name = name
        if len(data) < _HEADER.size:
            raise FormatError("too short for an index", name, len(data), "run depmod")
        magic, version, self._root = _HEADER.unpack_from(data, 0)
        if magic != MAGIC:
            raise FormatError(f"magic {magic:#010x} is not that of an index ({MAGIC:#010x})", name, 0, "run depmod")
        if version >> 16 != VERSION >> 16:
            what = f"index version {version >> 16}.{version & 0xFFFF} is unknown (2.x is wanted)"
            raise FormatError(what, name, 4, "run depmod")

    def search(self, key: bytes) -> bytes | None:
        """Return the first value of a key, taken literally, or None (kmod: ``index_mm_search``)."""
        budget = self._budget()
        node = self._node(self._root, budget)
        at = 0
        while True:
            end = at + len(node.prefix)
            if key[at:end] != node.prefix:
                return None
            if end == len(key):
                return next((value for _, value in self._values(node, budget)), None)
            address = self._child(node, key[end])
            if not address:
                return None
            node = self._node(address, budget)
            at = end + 1

    def search_wild(self, key: bytes) -> list[bytes]:
        """Return the values of all keys that match as patterns, by priority, of equals the last found first.

        The walk and the order are those of kmod's ``index_mm_searchwild``.
        """
        budget = self._budget()
        found: list[tuple[int, bytes]] = []
        text = _Text(key)
        address, at = self._root, 0
        while address:
            node = self._node(address, budget)
            prefix = node.prefix
            if prefix:
                literal = prefix[: len(prefix) - len(prefix.lstrip(_LITERAL))]
                if not key.startswith(literal, at):
                    break
                at += len(literal)
                if len(literal) < len(prefix):
                    self._wild(node, prefix[len(literal) :], at, text, budget, found)
                    break
            for byte in b"*?[":
                child = self._child(node, byte)
                if child:
                    below = self._node(child, budget)
                    self._wild(below, bytes((byte,)) + below.prefix, at, text, budget, found)
            if at == len(key):
                found += self._values(node, budget)
                break
            address = self._child(node, key[at])
            at += 1
        found.reverse()
        found.sort(key=lambda pair: pair[0])
        return [value for _, value in found]

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every key with each of its values, keys sorted (kmod: ``index_mm_dump``)."""
        budget = self._budget()
        stack = [(self._root, b"")]
        while stack:
            address, before = stack.pop()
            node = self._node(address, budget)
            key = self._longer(before, node.prefix, node)
            for _, value in self._values(node, budget):
                yield key, value
            stack += [(child, key + byte) for byte, child in reversed(self._children(node))]

    def found_order(self) -> Iterator[tuple[bytes, int, bytes]]:
        """Yield (key, priority, value) in the order in which :meth:`search_wild` comes to keys.

        As long as a key is literal, its node's wildcards come first, then its values, then other bytes; from the
        first wildcard on a node's values come before all that is below it.
        """
        budget = self._budget()
        stack = [(self._root, b"", False, False)]
        while stack:
            address, before, wild, only_values = stack.pop()
            node = self._node(address, budget)
            key = self._longer(before, node.prefix, node)
            wild = wild or any(byte in b"*?[" for byte in node.prefix)
            if wild or only_values:
                for priority, value in self._values(node, budget):
                    yield key, priority, value
                if only_values:
                    continue
            below = [(child, key + byte, wild or byte in b"*?[", False) for byte, child in self._children(node)]
            if not wild:
                wildcards = sorted([entry for entry in below if entry[2]], key=lambda e: b"*?[".index(e[1][-1:]))
                values = [(address, before, False, True)] if node.values else []
                below = wildcards + values + [entry for entry in below if not entry[2]]
            stack += reversed(below)

    def _wild(
        self, top: _Node, pattern: bytes, at: int, text: _Text, budget: _Budget, found: list[tuple[int, bytes]]
    ) -> None:
        """Add the values of all matching keys at and below ``top``; ``pattern`` is its key from the wildcard on.

        kmod compares every such key as a whole. Here a subtree is left as soon as no key in it can match, which
        matters for keys like ``of:N*T*Cvendor,chip``: an arm64 kernel has thousands that differ only at the end.
        """
        rest = text.key[at:].decode("latin-1")
        stack = [(top, pattern, text.after(1 << at, pattern))]
        while stack:
            node, pattern, places = stack.pop()
            if node.values and (
                places & text.end if places != UNDECIDED else matches(pattern.decode("latin-1"), rest)
            ):
                found += self._values(node, budget)
            below = []
            for byte, address in self._children(node):
                reached = text.after(places, byte)
                if reached:
                    child = self._node(address, budget)
                    reached = text.after(reached, child.prefix)
                    if reached:
                        below.append((child, self._longer(pattern + byte, child.prefix, child), reached))
            stack += reversed(below)

    def _budget(self) -> _Budget:
        # Twice: a key that itself holds wildcards walks the same nodes as a pattern and literally.
        return _Budget(2 * len(self._data))

    def _longer(self, key: bytes, more: bytes, node: _Node) -> bytes:
        if len(key) + len(more) > MAX_KEY:
            raise FormatError(f"a key is longer than {MAX_KEY} bytes", self.name, node.offset, "run depmod")
        return key + more

    def _spend(self, budget: _Budget, size: int, offset: int) -> None:
        budget.left -= size
        if budget.left < 0:
            raise FormatError("nodes overlap or form a circle", self.name, offset, "run depmod")

    def _text(self, start: int, what: str) -> bytes:
        end = self._data.find(b"\0", start)
        if end < 0:
            raise FormatError(f"{what} without end", self.name, start, "run depmod")
        return self._data[start:end]

    def _node(self, address: int, budget: _Budget) -> _Node:
        data = self._data
        offset = at = address & MASK
        prefix, first, last, children, values = b"", 1, 0, 0, 0
        try:
            if address & PREFIX:
                prefix = self._text(at, "prefix")
                at += len(prefix) + 1
            if address & CHILDS:
                first, last = data[at], data[at + 1]
                children = at + 2
                at = children + 4 * (last - first + 1)
                if last < first or at > len(data):
                    raise FormatError(f"children {first}..{last} do not fit", self.name, at, "run depmod")
            if address & VALUES:
                values = at
                _U32.unpack_from(data, at)
                at += 4
        except (IndexError, error) as e:
            raise FormatError("node ends after the file", self.name, offset, "run depmod") from e
        self._spend(budget, at - offset or 1, offset)
        return _Node(offset, prefix, first, last, children, values)

    def _child(self, node: _Node, byte: int) -> int:
        if not node.children or not node.first <= byte <= node.last:
            return 0
        address: int = _U32.unpack_from(self._data, node.children + 4 * (byte - node.first))[0]
        return address

    def _children(self, node: _Node) -> list[tuple[bytes, int]]:
        if not node.children:
            return []
        count = node.last - node.first + 1
        table = Struct(f">{count}I").unpack_from(self._data, node.children)
        return [(bytes((node.first + i,)), address) for i, address in enumerate(table) if address]

    def _values(self, node: _Node, budget: _Budget) -> Iterator[tuple[int, bytes]]:
        if not node.values:
            return
        at = node.values
        count: int = _U32.unpack_from(self._data, at)[0]
        at += 4
        for _ in range(count):
            try:
                priority: int = _U32.unpack_from(self._data, at)[0]
            except error as e:
                raise FormatError("value ends after the file", self.name, at, "run depmod") from e
            value = self._text(at + 4, "value")
            self._spend(budget, len(value) + 5, at)
            at += len(value) + 5
            yield priority, value
