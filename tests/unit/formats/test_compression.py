from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Callable

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.formats.compression import decompress, kind_of

COMPRESS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "xz": lzma.compress, "zst": zstd.compress}
KINDS = sorted(COMPRESS)


@given(data=st.binary(max_size=5000), kind=st.sampled_from(KINDS))
def test_round_trip(data: bytes, kind: str) -> None:
    packed = COMPRESS[kind](data)
    assert kind_of(packed) == kind
    assert decompress(packed, kind, "x.ko") == data


@pytest.mark.parametrize("kind", KINDS)
def test_several_streams_and_padding_make_one_file(kind: str) -> None:
    pack = COMPRESS[kind]
    assert decompress(pack(b"ab") + pack(b"cd") + bytes(8), kind, "x.ko") == b"abcd"


def test_no_compression_is_passed_through() -> None:
    assert kind_of(b"\x7fELF") == kind_of(b"") == ""
    assert decompress(b"abc", "", "x.ko") == b"abc"
    with pytest.raises(ValueError, match="lz4"):
        decompress(b"abc", "lz4", "x.ko")


@pytest.mark.parametrize("kind", KINDS)
def test_every_cut_and_garbage_is_noticed(kind: str) -> None:
    packed = COMPRESS[kind](bytes(range(200)))
    for cut in range(1, len(packed)):
        with pytest.raises(FormatError) as caught:
            decompress(packed[:cut], kind, "x.ko")
        assert caught.value.where == "x.ko"
    with pytest.raises(FormatError, match=f"broken {kind} data"):
        decompress(packed[:12] + b"?" * 30 + packed[12:], kind, "x.ko")
    with pytest.raises(FormatError):
        decompress(packed + b"something else that follows", kind, "x.ko")


@pytest.mark.parametrize("kind", KINDS)
def test_bombs(kind: str) -> None:
    packed = COMPRESS[kind](bytes(1_000_000))
    assert len(decompress(packed, kind, "x.ko")) == 1_000_000
    with pytest.raises(FormatError, match="more than 999999 bytes"):
        decompress(packed, kind, "x.ko", 999_999)
    assert len(decompress(packed, kind, "x.ko", 1_000_000)) == 1_000_000


def test_a_small_file_cannot_claim_much_memory() -> None:
    coder = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(coder.compress(bytes(1 << 20)) for _ in range(100)) + coder.flush()
    with pytest.raises(FormatError, match="gz data that make more than"):
        decompress(packed, "gz", "x.ko")


def test_many_empty_streams_end() -> None:
    with pytest.raises(FormatError, match="more than 64 gz streams"):
        decompress(gzip.compress(b"") * 65, "gz", "x.ko")


def test_zstd_frames_that_do_not_tell_their_size() -> None:
    coder = zstd.ZstdCompressor()
    packed = coder.compress(b"ab" * 5000) + coder.flush()
    assert zstd.get_frame_info(packed).decompressed_size is None
    assert decompress(packed, "zst", "x.ko") == b"ab" * 5000


def test_a_zstd_frame_that_lies_about_its_size() -> None:
    packed = bytearray(zstd.compress(bytes(range(200))))
    assert packed[5] == 200
    packed[5] = 100
    with pytest.raises(FormatError, match="broken zst data"):
        decompress(bytes(packed), "zst", "x.ko")
