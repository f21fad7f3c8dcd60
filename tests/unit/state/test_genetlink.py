"""The answer of the controller, and anything in its place. Of a real kernel: tests/unit/kernel/test_genetlink.py."""

from __future__ import annotations

from struct import pack

from hypothesis import given
from hypothesis import strategies as st

from lkm.state.genetlink import END, families


def message(name: bytes, extra: bytes = b"") -> bytes:
    def attribute(kind: int, value: bytes) -> bytes:
        return pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)

    body = attribute(1, b"\x1c\0") + attribute(2, name + b"\0") + extra
    return pack("=IHHIIBBH", 20 + len(body), 16, 2, 1, 7, 1, 2, 0) + body


@given(st.lists(st.text("abc_", min_size=1, max_size=15), max_size=5))
def test_names_come_back(names: list[str]) -> None:
    data = b"".join([message(name.encode()) for name in names])
    assert families(data + END) == (tuple(names), True)
    if names:
        assert families(data) == (tuple(names), False)


@given(st.binary(max_size=64))
def test_anything(data: bytes) -> None:
    families(data)
    families(message(b"a", data))
    assert families(pack("=IHHII", 16, 2, 0, 1, 0)) == ((), True)
    assert families(b"") == ((), True)
