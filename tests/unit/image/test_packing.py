from __future__ import annotations

import functools
import random
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.image.facts import read
from lkm.image.payload import unpacked
from tests.support.trees import compressor, debian_kernel
from tests.unit.image.test_payload import ELF, boot_image

#: The commands of the kernel's scripts/Makefile.lib, each followed there by the unpacked size.
PACKERS = {
    "lz4": ["lz4", "-l", "-9", "-", "-"],
    "lzo": ["lzop", "-9"],
    "bzip2": ["bzip2", "-9"],
    "lzma": ["lzma", "-9"],
}


@functools.cache
def packed(packing: str, data: bytes) -> bytes:
    return subprocess.run(PACKERS[packing], input=data, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("data", [ELF, b"\x7fELF" + random.Random(1).randbytes(300_000), ELF * 1000])
def test_packings_that_modules_do_not_have(packing: str, data: bytes) -> None:
    payload = packed(packing, data) + len(data).to_bytes(4, "little")
    assert unpacked(boot_image(payload)) == data


@pytest.mark.parametrize("packing", PACKERS)
@given(st.data())
def test_broken_packings_are_told(packing: str, draw: st.DataObject) -> None:
    payload = bytearray(packed(packing, ELF) + len(ELF).to_bytes(4, "little"))
    end = draw.draw(st.integers(9, len(payload) - 4) | st.just(len(payload)))
    payload[draw.draw(st.integers(9, len(payload) - 1))] ^= draw.draw(st.integers(0, 255))
    try:
        unpacked(boot_image(bytes(payload[:end])), "v")
    except FormatError as error:
        assert error.where == "v"


@pytest.mark.parametrize("packing", PACKERS)
def test_packings_that_are_cut_are_told(packing: str) -> None:
    with pytest.raises(FormatError, match=f"{packing} data|{packing} block"):
        unpacked(boot_image(packed(packing, ELF)[:-20]), "v")


@pytest.mark.parametrize("packing", ["none", "gz", "xz", "zst", *PACKERS])
def test_debians_kernel_in_each_packing(packing: str) -> None:
    """A real vmlinux, packed again as a build with CONFIG_KERNEL_GZIP and so on packs it, tells the same."""
    (path,) = (debian_kernel() / "boot").glob("vmlinuz-*")
    vmlinux = unpacked(path.read_bytes(), str(path))
    size = len(vmlinux).to_bytes(4, "little")
    if packing == "none":
        payload = vmlinux
    elif packing in PACKERS:
        quick = [word.replace("-9", "-1") for word in PACKERS[packing]]
        payload = subprocess.run(quick, input=vmlinux, stdout=subprocess.PIPE, check=True).stdout + size
    else:
        payload = compressor(packing)(vmlinux) + (b"" if packing == "gz" else size)
    image = boot_image(payload)
    assert unpacked(image) == vmlinux
    if packing in ("none", "lz4"):
        assert read(image) == read(path.read_bytes())
