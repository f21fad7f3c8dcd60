from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.formats.der import SEQUENCE, Node, oid, parse
from tests.support.signatures import der


@given(st.lists(st.binary(max_size=300)))
def test_what_is_written_is_read(parts: list[bytes]) -> None:
    node = parse(der(SEQUENCE, *[der(4, part) for part in parts]) + b"what follows")
    assert [(child.tag, child.value) for child in node.expect(SEQUENCE, "x").children()] == [(4, p) for p in parts]


@given(st.binary(max_size=60))
def test_any_bytes_give_a_node_or_our_error(data: bytes) -> None:
    try:
        parse(data, 7).children()
    except FormatError as error:
        assert 7 <= error.offset <= 7 + len(data)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "without length"),
        (b"\x30", "without length"),
        (b"\x30\x80\0\0", "indefinite or absurd"),
        (b"\x30\x85\0\0\0\0\0", "indefinite or absurd"),
        (b"\x30\x84\xff\xff\xff\xff", "4294967295 bytes, where only 0 are left"),
        (b"\x1f\x81\x00", "several bytes"),
    ],
)
def test_faults(data: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        parse(data)


def test_offsets_are_those_in_the_file() -> None:
    node = parse(der(SEQUENCE, der(4, b"ab"), der(2, b"\1")), 1000)
    assert [child.offset for child in node.children()] == [1004, 1008]
    with pytest.raises(FormatError, match=r"at byte 1008: thing: DER tag 0x02, not 0x04"):
        node.children()[1].expect(4, "thing")


def test_object_identifiers() -> None:
    assert oid(bytes.fromhex("550403")) == "2.5.4.3"
    assert oid(bytes.fromhex("883703")) == "2.999.3"
    for bad in (b"", b"\x80", b"\x01" * 65):
        with pytest.raises(FormatError):
            oid(bad)


def test_nodes_are_values() -> None:
    assert parse(b"\x04\x01a") == Node(4, b"a", 2)
