"""ASN.1 in DER (X.690), as far as a signature needs it. Definite lengths, one-byte tags, every bound checked.

>>> data = bytes.fromhex("30 06 02 01 05 06 01 2a")
>>> [(node.tag, node.value) for node in parse(data).children()]
[(2, b'\\x05'), (6, b'*')]
>>> parse(data[:-1])
Traceback (most recent call last):
lkm.errors.FormatError: at byte 0: DER element of 6 bytes, where only 5 are left
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.record import Record

INTEGER, OCTET_STRING, OID, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
CONTEXT_0_PRIMITIVE, CONTEXT_0 = 0x80, 0xA0


class Node(Record):
    """One element: its tag byte, its contents, and the place of its first byte in the file."""

    tag: int
    value: bytes
    offset: int = 0

    def children(self) -> list[Node]:
        """Return the elements inside; raises FormatError when the contents are not whole elements."""
        out = []
        at = 0
        start = self.offset
        while at < len(self.value):
            node, at = _element(self.value, at, start)
            out.append(node)
        return out

    def expect(self, tag: int, what: str) -> Node:
        """Return the node itself when it has that tag, else raise FormatError."""
        if self.tag != tag:
            raise FormatError(f"{what}: DER tag {self.tag:#04x}, not {tag:#04x}", offset=self.offset)
        return self


def parse(data: bytes, offset: int = 0) -> Node:
    """Return the first element of ``data``; what follows it is ignored. ``offset`` is its place in the file."""
    return _element(data, 0, offset)[0]


def _element(data: bytes, at: int, base: int) -> tuple[Node, int]:
    if at + 2 > len(data):
        raise FormatError("DER element without length", offset=base + at)
    tag, length = data[at], data[at + 1]
    start = at + 2
    if tag & 31 == 31:
        raise FormatError("DER tag of several bytes", offset=base + at)
    if length & 0x80:
        count = length & 0x7F
        if not 0 < count <= 4:
            raise FormatError("DER length that is indefinite or absurd", offset=base + at + 1)
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + length > len(data):
        left = max(len(data) - start, 0)
        raise FormatError(f"DER element of {length} bytes, where only {left} are left", offset=base + at)
    return Node(tag, data[start : start + length], base + start), start + length


def oid(value: bytes) -> str:
    """Return an object identifier's dotted numbers.

    >>> oid(bytes.fromhex("608648016503040201"))
    '2.16.840.1.101.3.4.2.1'
    """
    if not value or len(value) > 64 or value[-1] & 0x80:
        raise FormatError("an object identifier that is empty, absurdly long or cut off")
    numbers = []
    number = 0
    for byte in value:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))
