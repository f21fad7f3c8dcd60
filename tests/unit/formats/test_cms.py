from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.formats.cms import Signer, dotted, first_signer
from tests.support.signatures import SHA256, pkcs7

SHA256_NAME = bytes.fromhex("608648016503040201")


def test_known_by_issuer_and_serial_number() -> None:
    assert first_signer(pkcs7()) == Signer(b"Somebody's key", b"\x12\x34", SHA256_NAME, b"\xaa" * 41)


def test_known_by_key_identifier() -> None:
    assert first_signer(pkcs7(key=b"KEY")) == Signer(b"", b"KEY", SHA256_NAME, b"\xaa" * 41)


@given(st.binary(max_size=60), st.integers(-(1 << 160), 1 << 160), st.binary(min_size=1, max_size=600))
def test_any_name_number_and_signature(name: bytes, serial: int, signature: bytes) -> None:
    data = serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)
    found = first_signer(pkcs7(name, data, SHA256, signature))
    assert (found.issuer, int.from_bytes(found.key, "big"), found.signature) == (name, abs(serial), signature)


@pytest.mark.parametrize("cut", range(1, 80))
def test_a_message_that_ends_early(cut: int) -> None:
    with pytest.raises(FormatError, match="at byte 7: no CMS message"):
        first_signer(pkcs7()[:-cut], 7)


@given(st.binary(max_size=100))
def test_garbage(data: bytes) -> None:
    with pytest.raises(FormatError, match="no CMS message"):
        first_signer(data)


def test_an_identifier_that_is_none() -> None:
    with pytest.raises(FormatError, match="no object identifier: 80"):
        dotted(b"\x80")
