from __future__ import annotations

import pytest

from lkm.errors import FormatError
from lkm.image.payload import unpacked
from tests.support.trees import compressor

ELF = b"\x7fELF" + bytes(range(256)) * 40


def boot_image(payload: bytes) -> bytes:
    """Return a bzImage of four setup sectors, whose payload stands 16 bytes into the protected-mode part."""
    head = bytearray(5 * 512 + 16)
    head[0x1F1] = 4
    head[0x202:0x208] = b"HdrS\x0f\x02"
    head[0x248:0x250] = (16).to_bytes(4, "little") + len(payload).to_bytes(4, "little")
    return bytes(head) + payload + b"what follows"


@pytest.mark.parametrize("kind", ["gz", "xz", "zst"])
def test_payload_is_unpacked(kind: str) -> None:
    size = b"" if kind == "gz" else len(ELF).to_bytes(4, "little")
    assert unpacked(boot_image(compressor(kind)(ELF) + size)) == ELF


def test_payload_that_is_not_packed() -> None:
    assert unpacked(boot_image(ELF)) == ELF


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (boot_image(b"something else"), "v: at byte 2576: its payload is of no known kind"),
        (
            boot_image(ELF)[:4000],
            "v: at byte 2576: a payload of 10244 bytes does not fit: the file ends at byte 4000",
        ),
        (boot_image(ELF)[:0x230], "v: at byte 518: a bzImage without payload fields (Linux before 2.6.26)"),
        (b"", "v: at byte 0: no kernel image: neither an ELF file nor an x86 bzImage"),
    ],
)
def test_what_is_no_image_is_told(data: bytes, text: str) -> None:
    with pytest.raises(FormatError) as caught:
        unpacked(data, "v")
    assert str(caught.value) == text
