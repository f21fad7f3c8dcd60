"""Module files of Linux 2.4: compiled ones, shipped ones, and malformed ones."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.formats.source import BytesSource
from lkm.modfile.object24 import Object24, Parm24, read24, split_version
from tests.support.elfwriter import build_module
from tests.support.modules24 import NAMES, SHIPPED, SIZES, build


def read(image: bytes) -> Object24:
    return read24(BytesSource(image, "x.o"))


@pytest.mark.parametrize("name", NAMES)
def test_shipped_files_are_what_the_sources_give(name: str) -> None:
    shipped, built = read((SHIPPED / f"{name}.o").read_bytes()), read(build(name))
    assert shipped.size == SIZES.get(name, shipped.size)
    for fact in ("modinfo", "exports", "needs", "parameters", "globals", "exports_listed", "bits", "machine"):
        assert getattr(shipped, fact) == getattr(built, fact), fact
    assert name not in SIZES or built.size == SIZES[name]


def test_facts_of_a_stack() -> None:
    fat, msdos = read(build("fat")), read(build("msdos"))
    assert (fat.bits, fat.byte_order, fat.machine, fat.kernel_version) == (32, "little", 3, "2.4.2-2")
    assert fat.exports[:3] == ("fat_date_unix2dos", "fat_add_cluster1", "fat_put_super")
    assert msdos.needs[-3:] == fat.exports[:3]
    assert (msdos.exports_listed, msdos.exports, msdos.license) == (True, (), "GPL")


def test_without_a_list_all_globals_are_exported() -> None:
    driver = read(build("mydriver"))
    assert not driver.exports_listed
    assert driver.exports == driver.globals == ("init_module", "cleanup_module", "mydriver_state")
    assert driver.license is None


def test_parameters() -> None:
    ne = read(build("ne"))
    assert ne.parameters[0] == Parm24("io", "1-4i", "I/O base address(es), required")
    assert [p.type for p in read(build("mydriver")).parameters] == ["h", "b", "c16", "s"]


def test_an_object_that_is_no_module() -> None:
    assert not read(build("usbcore")).is_module
    assert read(build("af_packet")).has_can_unload


def test_versions_of_symbols() -> None:
    source = '#include "module24.h"\nINFO("using_checksums=1")\nvoid f(void) {}\nEXPORT_AS(f, "f_R83fb36a1")\n'
    module = read(build("versioned", source=source))
    assert module.using_checksums
    assert module.exports == ("f_R83fb36a1",)


@pytest.mark.parametrize(("bits", "order"), [(32, "<"), (64, "<"), (32, ">"), (64, ">")])
def test_every_class_and_byte_order(bits: int, order: str) -> None:
    module = read(build_module(bits=bits, order=order, modinfo=[("kernel_version", "2.4.2")], needs=["printk"]))
    assert (module.bits, module.byte_order[0], module.needs) == (bits, "l" if order == "<" else "b", ("printk",))


def test_what_is_no_module_file() -> None:
    with pytest.raises(FormatError, match="no symbol table"):
        read(build_module(symtab=False))
    with pytest.raises(FormatError, match="not an ELF file"):
        read(b"#!/bin/sh\necho not a module\n")


@settings(max_examples=150)
@given(st.data())
def test_no_harmed_file_does_more_than_raise(data: st.DataObject) -> None:
    image = bytearray((SHIPPED / "fat.o").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        image[data.draw(st.integers(0, len(image) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(FormatError):
        read(bytes(image[: data.draw(st.integers(0, len(image)))]))


@given(
    st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.sampled_from(["", "smp_", "2gig_"]), st.integers(0, 2**32 - 1)
)
def test_a_version_is_cut_off_again(name: str, prefix: str, crc: int) -> None:
    assert split_version(f"{name}_R{prefix}{crc:08x}") == (name, prefix, f"{crc:08x}")
