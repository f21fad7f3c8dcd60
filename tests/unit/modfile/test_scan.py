from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.formats.elf import Elf, symbols
from lkm.formats.source import BytesSource
from lkm.modfile.scan import IndexFacts, scan
from lkm.modfile.versions import read_versions, version_names
from tests.support.elfwriter import Export, Section, Writer, build_module

VARIANTS = [(64, "<"), (64, ">"), (32, "<"), (32, ">")]


def scanned(data: bytes, *, crcs: bool = False) -> IndexFacts:
    return scan(BytesSource(data, "x.ko"), crcs=crcs)


@pytest.mark.parametrize(("bits", "order"), VARIANTS)
def test_all_that_an_index_needs(bits: int, order: str) -> None:
    data = build_module(
        bits=bits,
        order=order,
        modinfo=[("alias", "a"), ("license", "GPL"), ("alias", "b=c")],
        exports=[Export("f", crc=5), Export("g", gpl=True, namespace="NS", crc=0xFFFFFFFF)],
        needs=["z", "a"],
        weak=["w"],
        versions={"module_layout": 1, "z": 2, "a": 3},
    )
    facts = scanned(data, crcs=True)
    assert facts.modinfo == [b"alias=a", b"license=GPL", b"alias=b=c"]
    assert facts.exports == [b"f", b"g"]
    assert facts.needs == [b"z", b"a", b"w", b"module_layout"]
    assert facts.weak == {b"w"}
    assert facts.export_crcs == {b"f": 5, b"g": 0xFFFFFFFF}
    assert facts.need_crcs == {b"module_layout": 1, b"z": 2, b"a": 3}
    assert scanned(data).export_crcs == scanned(data).need_crcs == {}


def test_without_crcs_all_strings_of_the_export_table_count_as_in_kmod() -> None:
    facts = scanned(build_module(exports=["f", Export("g", namespace="NS")]))
    assert facts.exports == [b"f", b"g", b"NS"]


def test_padding_in_modinfo_is_skipped() -> None:
    assert scanned(build_module(sections={".modinfo": b"\0\0a=b\0\0\0c\0d=e"})).modinfo == [b"a=b", b"c", b"d=e"]


def test_a_stripped_file_has_exports_but_no_needs() -> None:
    facts = scanned(build_module(exports=["f"], versions={"g": 1}, symtab=False))
    assert (facts.exports, facts.needs) == ([b"f"], [])


@pytest.mark.parametrize(("bits", "order"), VARIANTS)
def test_extended_versions_count_too(bits: int, order: str) -> None:
    made = {"f": 1, "x" * 80: 0xFFFFFFFE}
    facts = scanned(build_module(bits=bits, order=order, needs=["f"], long_versions=made), crcs=True)
    assert facts.needs == [b"f", b"x" * 80]
    assert facts.need_crcs == {b"f": 1, b"x" * 80: 0xFFFFFFFE}


def test_a_broken_version_table_is_used_as_far_as_it_goes() -> None:
    record = struct.pack("<Q56s", 7, b"f\0garbage")
    facts = scanned(build_module(needs=["f"], sections={"__versions": record + b"abc"}), crcs=True)
    assert (facts.needs, facts.need_crcs) == ([b"f"], {b"f": 7})


@given(st.sampled_from(VARIANTS), st.lists(st.lists(st.sampled_from([b"\0", b"f", b" ", b"\xff"]), max_size=9)))
def test_names_of_versions_are_the_same_with_and_without_their_crcs(
    variant: tuple[int, str], drawn: list[list[bytes]]
) -> None:
    bits, order = variant
    head = bits // 8
    table = b"".join([bytes(head) + b"".join(name).ljust(64 - head, b"\0") for name in drawn])
    data = build_module(bits=bits, order=order, needs=["f"], sections={"__versions": table + b"\0f"})
    elf = Elf(BytesSource(data, "x.ko"))
    assert list(dict.fromkeys(version_names(elf))) == list(read_versions(elf)[0])
    assert scanned(data).needs == scanned(data, crcs=True).needs


@pytest.mark.parametrize("section", [0, 1, 0x100, 0x200, 0xFFF1, 0xFFF2])
@pytest.mark.parametrize(("bits", "order"), VARIANTS)
def test_only_symbols_of_no_section_are_undefined(section: int, bits: int, order: str) -> None:
    data = build_module(bits=bits, order=order, needs=["f"])
    table = symbols(Elf(BytesSource(data, "x.ko")))
    assert table
    step = table.elf.layout.symbol.size
    at = table.offset + len(table.data) - step + (6 if bits == 64 else 14)
    changed = data[:at] + struct.pack(order + "H", section) + data[at + 2 :]
    assert scanned(changed).needs == ([] if section else [b"f"])


def test_registers_of_sparc_are_no_symbols() -> None:
    for machine, expected in ((43, [b"f"]), (62, [b"reg", b"f"])):
        writer = Writer(machine=machine)
        writer.globals = [("reg", 1, "", 0), ("f", 1, "", 0)]
        data = writer.elf()
        place = data.index(b"\1\0\0\0\x10")  # st_name 1, binding global
        assert scanned(data[: place + 4] + b"\x1d" + data[place + 5 :]).needs == expected


def test_a_crc_may_be_the_value_of_an_absolute_symbol() -> None:
    writer = Writer()
    writer.sections.append(Section(".text", bytes(8)))
    writer.locals = [("__crc_f", 0, "ABS", 0x12345678), ("__crc_g", 0, ".text", 6)]
    with pytest.raises(FormatError, match="a word at 6 of 8 bytes"):
        scanned(writer.elf(), crcs=True)
    writer.sections, writer.locals = [Section(".text", bytes(8))], writer.locals[:1]
    assert scanned(writer.elf(), crcs=True).export_crcs == {b"f": 0x12345678}


def test_a_name_that_only_contains_the_mark_is_no_export() -> None:
    assert scanned(build_module(needs=["my__crc_f"])).exports == []


def test_no_module_at_all() -> None:
    for data in (b"", b"text", b"\x7fELF"):
        with pytest.raises(FormatError):
            scanned(data)
