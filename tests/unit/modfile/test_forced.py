from __future__ import annotations

import pytest

from lkm.errors import FormatError
from lkm.formats.elf import FLAGS, Elf
from lkm.formats.source import BytesSource
from lkm.modfile.forced import without_versions
from tests.support.elfwriter import build_module

MODINFO = [("license", "GPL"), ("vermagic", "6.1.0 SMP "), ("xvermagic", "stays")]


def modinfo(image: bytes) -> list[bytes]:
    return [record for record in Elf(BytesSource(image)).named(b".modinfo").split(b"\0") if record]


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_only_what_is_asked_for_is_hidden(bits: int, order: str) -> None:
    image = bytearray(build_module(bits=bits, order=order, modinfo=MODINFO, versions={"printk": 7}))
    elf = Elf(BytesSource(bytes(image)))
    index = elf.find(b"__versions")
    at = elf.table_offset + index * elf.layout.section.size + 8
    image[at : at + elf.layout.word.size] = elf.layout.word.pack(6)  # SHF_ALLOC and another flag
    whole = bytes(image)

    forced = without_versions(whole, "x.ko", modversions=True, vermagic=False)
    assert Elf(BytesSource(forced)).header(index)[FLAGS] == 4
    assert modinfo(forced) == modinfo(whole) and len(forced) == len(whole)

    forced = without_versions(whole, "x.ko", modversions=False, vermagic=True)
    assert Elf(BytesSource(forced)).header(index)[FLAGS] == 6
    assert modinfo(forced) == [b"license=GPL", b"xvermagic=stays"]

    assert without_versions(whole, "x.ko", modversions=False, vermagic=False) == whole


def test_what_is_no_module_is_one_error() -> None:
    with pytest.raises(FormatError, match=r"^x\.ko: "):
        without_versions(b"text", "x.ko", modversions=True, vermagic=True)
