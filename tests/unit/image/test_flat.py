"""arm64's Image: made ones, and Debian's in the sweep."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.formats.source import BytesSource
from lkm.image.facts import read
from lkm.image.flat import is_flat
from lkm.modfile.facts import read as read_module
from lkm.modfile.nouns import Export
from tests.support.foreign import foreign_modules
from tests.support.trees import compressor

BANNER = b"Linux version 9.9.9 (x@y) #1\n\0" + b"9.9.9 SMP mod_unload modversions aarch64\0"
EXPORTS = [
    *[Export(f"plain_{n:03}", crc=n) for n in range(80)],
    Export("module_layout", crc=0xDEADBEEF),
    *[Export(f"gpl_{n:03}", True, "SPACE" if n % 2 else "", crc=1000 + n) for n in range(40)],
]


def build_image(exports: list[Export] = EXPORTS, *, crcs: bool = True, layout: bool = True) -> bytes:
    """Return an Image with the tables of these exports."""
    ordered = sorted(exports, key=lambda e: (e.gpl_only, e.name))
    ordered = [e for e in ordered if layout or e.name != "module_layout"]
    head = bytearray(64)
    head[:2], head[56:60] = b"MZ", b"ARM\x64"
    before = bytes(head) + BANNER
    before += bytes(-len(before) % 4)
    start = len(before)
    names = b"".join(f"{e.name}\0{e.namespace}\0".encode() for e in ordered)
    strings = start + len(ordered) * (16 if crcs else 12)
    table, at = b"", strings
    for export in ordered:
        here = start + len(table)
        space = at + len(export.name) + 1 - here - 8 if export.namespace else 0
        table += struct.pack("<iii", 16 - here, at - here - 4, space)
        at += len(export.name) + len(export.namespace) + 2
    sums = b"".join(struct.pack("<I", e.crc or 0) for e in ordered) if crcs else b""
    return before + table + sums + names + bytes(64)


def test_all_is_found() -> None:
    image = build_image()
    assert is_flat(image)
    facts = read(image)
    assert (facts.release, facts.machine, facts.bits) == ("9.9.9", 183, 64)
    assert facts.vermagic == "9.9.9 SMP mod_unload modversions aarch64"
    assert facts.exports == tuple(sorted(EXPORTS, key=lambda e: e.name))
    plain = read(build_image(crcs=False))
    assert plain.exports == tuple([export._replace(crc=None) for export in facts.exports])


def test_its_packings() -> None:
    image = build_image()
    assert read(gzip.compress(image)) == read(image)
    for kind in ("gz", "xz", "zst"):
        payload = compressor(kind)(image) + (b"" if kind == "gz" else len(image).to_bytes(4, "little"))
        head = b"MZ\0\0zimg" + struct.pack("<II8x8s", 64, len(payload), kind.encode())
        zboot = head + bytes(64 - len(head)) + payload
        assert read(zboot) == read(image)
        with pytest.raises(FormatError, match="cut off"):
            read(zboot[:-9], "v")


def test_an_image_without_exports() -> None:
    with pytest.raises(FormatError, match="v: no table of exported symbols"):
        read(build_image([]), "v")
    with pytest.raises(FormatError, match="no table"):
        read(build_image(layout=False), "v")


@given(st.data())
def test_broken_images_are_told(data: st.DataObject) -> None:
    image = bytearray(build_image())
    for _ in range(5):
        image[data.draw(st.integers(64, len(image) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.just(len(image)) | st.integers(0, len(image)))
    try:
        read(bytes(image[:end]), "broken")
    except FormatError as error:
        assert error.where == "broken"


@pytest.mark.sweep
def test_debians_image_agrees_with_its_modules() -> None:
    root, release = foreign_modules("arm64")
    path = root / f"boot/vmlinuz-{release}"
    facts = read(path.read_bytes(), str(path))
    exports = {export.name: export for export in facts.exports}
    assert len(exports) > 9000
    compared = 0
    for file in sorted(Path(root / "lib/modules").rglob("*.ko"))[::40]:
        module = read_module(BytesSource(file.read_bytes(), file.name))[0]
        assert module.vermagic == facts.vermagic
        for need in module.needs:
            if export := exports.get(need.name):
                compared += 1
                assert export.crc == need.crc, need.name
                assert export.namespace == "" or export.namespace in module.imports, need.name
    assert compared > 2000
    assert facts.certificates
