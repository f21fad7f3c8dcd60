"""Files that are no modules: each fault in the kernel's words, and in its order."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.kernel.sim.objectfile import ObjectFile, fault, is_permanent
from tests.support.elfwriter import build_module
from tests.support.trees import uml_modules

GOOD = build_module("x", needs=["f"], exports=["g"])
START = struct.unpack_from("<Q", GOOD, 40)[0]
COUNT, NAMES = struct.unpack_from("<HH", GOOD, 60)
TABLE = next(i for i in range(COUNT) if struct.unpack_from("<I", GOOD, START + 64 * i + 4)[0] == 2)


def changed(at: int, shape: str, value: int) -> bytes:
    return GOOD[:at] + struct.pack(shape, value) + GOOD[at + struct.calcsize(shape) :]


def head(index: int, place: int, value: int, shape: str = "<Q") -> bytes:
    return changed(START + 64 * index + place, shape, value)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (GOOD, ""),
        (b"", "Invalid ELF header len 0"),
        (GOOD[:63], "Invalid ELF header len 63"),
        (b"#" * 64, "Invalid ELF header magic: != \x7fELF"),
        (changed(16, "<H", 3), "Invalid ELF header type: 3 != 1"),
        (changed(18, "<H", 183), "Invalid architecture in ELF header: 183"),
        (changed(58, "<H", 0), "Invalid ELF section header size"),
        (GOOD[:-1], "Invalid ELF section header overflow"),
        (changed(40, "<Q", 2**64 - 1), "Invalid ELF section header overflow"),
        (changed(62, "<H", 0), f"Invalid ELF section name index: 0 || e_shstrndx (0) >= e_shnum ({COUNT})"),
        (
            changed(62, "<H", COUNT),
            f"Invalid ELF section name index: {COUNT} || e_shstrndx ({COUNT}) >= e_shnum ({COUNT})",
        ),
        (head(NAMES, 24, 10**9), "Invalid ELF section hdr(type 3)"),
        (head(NAMES, 32, 0), "empty section name table"),
        (head(NAMES, 32, 2), "ELF Spec violation: section name table isn't null terminated"),
        (
            head(0, 4, 1, "<I"),
            "ELF Spec violation: section 0 type(1)!=SH_NULL or non-zero len or addr",
        ),
        (
            head(TABLE, 40, COUNT, "<I"),
            f"Invalid ELF sh_link!=SHN_UNDEF({COUNT}) or (sh_link({COUNT}) >= hdr->e_shnum({COUNT})",
        ),
        (head(1, 24, 10**9), "Invalid ELF section in module (section 1 type 1)"),
        (head(1, 0, 10**6, "<I"), "Invalid ELF section name in module (section 1 type 1)"),
    ],
)
def test_faults(image: bytes, said: str) -> None:
    assert fault(image, 62) == said


def test_class_and_byte_order_are_not_looked_at() -> None:
    assert fault(GOOD[:4] + b"\1\2\7" + GOOD[7:], 62) == ""


def test_only_what_is_loaded_is_found() -> None:
    file = ObjectFile(GOOD)
    assert file.find(".modinfo") and not file.find(".symtab")
    hidden = ObjectFile(head(file.find(".modinfo"), 8, 0))
    assert not hidden.find(".modinfo")
    names = file.symbol_names(range(99))
    assert names and names == hidden.symbol_names(range(99))


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_whatever_is_changed_it_is_a_fault_or_can_be_read(at: int, value: int) -> None:
    image = GOOD[:at] + bytes([value]) + GOOD[at + 1 :]
    if not fault(image, 62):
        file = ObjectFile(image)
        assert len(file.sections) == struct.unpack_from("<H", image, 60)[0]
        if table := file.symbol_table():
            count = file.sections[table].size // 24
            assert len(file.symbol_names(range(count + 9))) == max(count - 1, 0)
            assert len(list(file.outside())) < max(count, 1)


def test_what_has_an_init_and_no_exit_stays() -> None:
    root, release = uml_modules()
    directory = root / "lib/modules" / release / "kernel"
    assert not is_permanent(ObjectFile((directory / "fs/fat/msdos.ko").read_bytes()))
    assert not is_permanent(ObjectFile(GOOD))
    found = [path.stem for path in directory.rglob("*.ko") if is_permanent(ObjectFile(path.read_bytes()))]
    assert sorted(found) == ["ipv6", "mpi", "vrf"]
