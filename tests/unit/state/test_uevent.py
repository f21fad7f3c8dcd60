"""Uevents: the kernel's messages are read, all others are refused with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.state.uevent import Uevent, modalias_of, parse_message

# As User-Mode Linux sent it when dummy was loaded.
DUMMY = (
    b"add@/devices/virtual/net/dummy0\0ACTION=add\0DEVPATH=/devices/virtual/net/dummy0\0SUBSYSTEM=net\0"
    b"INTERFACE=dummy0\0IFINDEX=3\0SEQNUM=481\0"
)


def test_a_message_of_a_real_kernel() -> None:
    assert parse_message(DUMMY) == Uevent("add", "/devices/virtual/net/dummy0", "", 481)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no uevent starts with ''"),
        (b"libudev\0\xfe\xed\xca\xfe", "no uevent starts with 'libudev'"),
        (b"add@devices/x\0ACTION=add\0", "no uevent starts"),
        (DUMMY[:-1], "end is missing"),
        (b"add@/x", "end is missing"),
        (b"add@/x\0ACTION=remove\0DEVPATH=/x\0", "do not agree"),
        (b"add@/x\0DEVPATH=/x\0", "do not agree"),
    ],
)
def test_others_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        parse_message(data)


texts = st.text(st.characters(exclude_characters="\0\n"), max_size=60)


@given(st.sampled_from(["add", "remove", "bind"]), texts, texts.filter(bool), st.integers(0, 2**64))
def test_what_the_kernel_writes_is_read(action: str, path: str, alias: str, number: int) -> None:
    fields = [f"{action}@/{path}", f"ACTION={action}", f"DEVPATH=/{path}", f"MODALIAS={alias}", f"SEQNUM={number}"]
    data = "".join(f"{field}\0" for field in fields).encode("utf-8", "surrogateescape")
    assert parse_message(data) == Uevent(action, f"/{path}", alias, number)
    assert modalias_of("A=b\n" + "\n".join(fields[1:]) + "\n") == alias


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for each in (data, b"add@/x\0ACTION=add\0DEVPATH=/x\0" + data):
        try:
            parse_message(each)
        except FormatError as error:
            assert error.what


def test_a_file_without_modalias() -> None:
    assert modalias_of("DRIVER=x\nXMODALIAS=pci:v1\n") == ""
