from __future__ import annotations

import pytest

from lkm.errors import FormatError
from lkm.formats.source import BytesSource
from lkm.modfile.nouns import Signature
from lkm.modfile.signature import read_signature
from tests.support.signatures import MAGIC, der, pkcs7, signed, trailer


def signature_of(data: bytes) -> Signature | None:
    return read_signature(BytesSource(data, "x.ko"))


def test_none() -> None:
    assert signature_of(b"") is signature_of(b"module") is signature_of(MAGIC + b"x") is None


def test_pkcs7() -> None:
    expected = Signature("PKCS#7", "Somebody's key", b"\x12\x34", "sha256", b"\xaa" * 41, 6)
    assert signature_of(signed(b"module")) == expected


@pytest.mark.parametrize(
    ("serial", "key"),
    [(b"\x00\x80\x01", b"\x80\x01"), (b"\xff\x01", b"\xff"), (b"\x00", b"")],
)
def test_a_serial_number_is_shown_without_its_sign(serial: bytes, key: bytes) -> None:
    found = signature_of(signed(b"m", pkcs7(serial=serial)))
    assert found is not None
    assert found.key_id == key


def test_a_signer_known_by_key_identifier() -> None:
    found = signature_of(signed(b"m", pkcs7(key=b"KEY", signature=b"S")))
    assert found == Signature("PKCS#7", "", b"KEY", "sha256", b"S", 1)


def test_an_unknown_hash_is_shown_as_its_number() -> None:
    found = signature_of(signed(b"m", pkcs7(digest=bytes.fromhex("550403"))))
    assert found is not None
    assert found.hash_algorithm == "2.5.4.3"


def test_the_kinds_before_linux_4_3() -> None:
    body = b"Fedora kernel" + b"\1\2\3" + b"SIG"
    data = b"module" + body + trailer(1, 3, digest=4, name=13, key=3)
    assert signature_of(data) == Signature("X509", "Fedora kernel", b"\1\2\3", "sha256", b"SIG", 6)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (MAGIC, "no signature"),
        (b"abc" + trailer(2, 4), "a signature of 4 bytes in a file of 43"),
        (b"abc" + trailer(2, 0), "a signature of 0 bytes"),
        (bytes(300 << 10) + trailer(2, 300 << 10), "a signature of 307200 bytes"),
        (b"abc" + trailer(3, 1), "unknown kind of signature: 3"),
        (b"garbage" + trailer(2, 7), "signature: "),
        (signed(b"m", pkcs7(kind=b"\x55")), "no CMS message with signed data, but 2.5"),
        (signed(b"m", der(0x30)), "at byte 1: signature: no CMS message with signed data: "),
        (signed(b"m", pkcs7(signers=0)), "nobody signed"),
    ],
)
def test_faults(data: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says) as caught:
        signature_of(data)
    assert caught.value.where == "x.ko"


def test_every_changed_byte_gives_a_signature_or_our_error() -> None:
    data = bytearray(signed(b"m"))
    for at in range(len(data)):
        for value in (0, 0x30, 0x7F, 0x80, 0xFF):
            old, data[at] = data[at], value
            try:
                signature_of(bytes(data))
            except FormatError as error:
                assert error.offset <= len(data)
            data[at] = old
