from __future__ import annotations

import struct

import pytest

from lkm.errors import FormatError
from lkm.formats.elf import LINK, NAME, OFFSET, SIZE, Elf, symbols
from lkm.formats.source import BytesSource
from tests.support.elfwriter import NOBITS, Writer, build_module

VARIANTS = [(64, "<"), (64, ">"), (32, "<"), (32, ">")]
HEADER_END = 64  # of a 64-bit file


def elf_of(data: bytes) -> Elf:
    return Elf(BytesSource(data, "x.ko"))


def patched(data: bytes, offset: int, shape: str, value: int) -> bytes:
    size = struct.calcsize(shape)
    return data[:offset] + struct.pack(shape, value) + data[offset + size :]


@pytest.mark.parametrize(("bits", "order"), VARIANTS)
def test_reads_named_sections_of_every_class_and_byte_order(bits: int, order: str) -> None:
    elf = elf_of(build_module(bits=bits, order=order, sections={".a": b"one", ".rela.a": b"two"}))
    assert (elf.layout.is64, elf.layout.order) == (bits == 64, order)
    assert (elf.named(b".a"), elf.named(b".rela.a"), elf.named(b".none")) == (b"one", b"two", b"")
    assert elf.name(elf.find(b".rela.a")) == b".rela.a"


def test_a_name_that_is_the_end_of_another_names_its_own_section() -> None:
    # linkers store ".text" as the end of ".rela.text"
    writer = Writer()
    writer.add(".rela.x", b"relocations")
    writer.add(".x", b"contents")
    data = writer.elf()
    elf = elf_of(data)
    shared = elf.header(elf.find(b".rela.x"))[NAME] + len(".rela")
    place = elf.table_offset + elf.find(b".x") * 64
    assert elf_of(patched(data, place, "<I", shared)).named(b".x") == b"contents"


def test_the_first_of_two_sections_of_one_name_counts() -> None:
    writer = Writer()
    writer.add(".x", b"first")
    writer.add(".x", b"second")
    assert elf_of(writer.elf()).named(b".x") == b"first"


def test_nobits_have_no_contents_whatever_their_size() -> None:
    writer = Writer()
    writer.add(".bss", b"", type=NOBITS, size=1 << 40)
    assert elf_of(writer.elf()).named(b".bss") == b""


@pytest.mark.parametrize("cut", range(0, 1100, 7))
def test_every_cut_is_noticed(cut: int) -> None:
    data = build_module(exports=["f"], needs=["g"])
    assert cut < len(data)
    with pytest.raises(FormatError) as caught:
        elf_of(data[:cut])
    assert caught.value.where == "x.ko"
    assert 0 <= caught.value.offset <= len(data)


@pytest.mark.parametrize(
    ("offset", "shape", "value", "says"),
    [
        (4, "B", 3, "unknown ELF class"),
        (5, "B", 0, "unknown ELF class or byte order"),
        (40, "<Q", 0, "no section headers"),
        (40, "<Q", 1 << 63, "do not fit"),
        (58, "<H", 63, "section headers of 63 bytes, not 64"),
        (60, "<H", 0xFEFF, "65279 section headers of 64 bytes do not fit"),
        (62, "<H", 0xFE00, "section names are said to be in section 65024 of"),
        (62, "<H", 1, "section names do not end with a zero byte"),
    ],
)
def test_lies_in_the_header_are_named(offset: int, shape: str, value: int, says: str) -> None:
    data = patched(build_module(sections={".text": b"x"}), offset, shape, value)
    with pytest.raises(FormatError, match=says):
        elf_of(data)


def test_numbers_too_large_for_the_header_are_in_section_0() -> None:
    data = build_module(sections={".a": b"one"})
    elf = elf_of(data)
    data = patched(data, elf.table_offset + 32, "<Q", elf.count)
    data = patched(data, elf.table_offset + 40, "<I", elf.count - 1)
    data = patched(patched(data, 60, "<H", 0), 62, "<H", 0xFFFF)
    assert elf_of(data).named(b".a") == b"one"
    with pytest.raises(FormatError, match="do not fit"):
        elf_of(patched(data, elf.table_offset + 32, "<Q", 1 << 40))


def test_a_section_outside_the_file_is_an_error_only_when_read() -> None:
    data = build_module(sections={".a": b"one"})
    elf = elf_of(data)
    place = elf.table_offset + elf.find(b".a") * 64
    for field, value in ((24, len(data)), (32, 1 << 62)):
        with pytest.raises(FormatError, match=r"needs .* bytes here, but the file ends"):
            elf_of(patched(data, place + field, "<Q", value)).read(elf.find(b".a"))
    with pytest.raises(FormatError, match="no section 99"):
        elf.header(99)


def test_a_section_name_outside_the_table() -> None:
    data = build_module()
    elf = elf_of(patched(data, elf_of(data).table_offset + 64, "<I", 1 << 30))
    with pytest.raises(FormatError, match="outside the table of names"):
        elf.name(1)


@pytest.mark.parametrize(("field", "shape", "value"), [(32, "<Q", 25), (56, "<Q", 16), (40, "<I", 99)])
def test_a_broken_symbol_table(field: int, shape: str, value: int) -> None:
    data = build_module(needs=["f"])
    elf = elf_of(data)
    place = elf.table_offset + elf.find(b".symtab") * 64
    with pytest.raises(FormatError):
        symbols(elf_of(patched(data, place + field, shape, value)))


@pytest.mark.parametrize(("bits", "order"), VARIANTS)
def test_symbols_read_alike_in_all_variants(bits: int, order: str) -> None:
    table = symbols(elf_of(build_module(bits=bits, order=order, exports=["f", "g"], needs=["h"])))
    assert table is not None
    rows = list(table.rows())
    assert rows[0] == table.row(1)
    named = dict(zip(table.names([row[0] for row in rows]), rows, strict=True))
    assert named[b"g"][1:] == (0x10, 1, 16)  # global, in .text, at 16
    assert named[b"h"][1:] == (0x10, 0, 0)
    with pytest.raises(FormatError, match="no symbol"):
        table.row(len(rows) + 1)


def test_symbols_whose_strings_do_not_follow_them() -> None:
    data = build_module(needs=["f"])
    elf = elf_of(data)
    head = elf.header(elf.header(elf.find(b".symtab"))[LINK])
    place = elf.table_offset + elf.find(b".strtab") * 64
    moved = data + data[head[OFFSET] : head[OFFSET] + head[SIZE]]
    table = symbols(elf_of(patched(moved, place + 24, "<Q", len(data))))
    assert table is not None
    assert table.names([row[0] for row in table.rows()]) == [b"f"]


def test_names_that_overlap_cannot_fill_the_memory() -> None:
    writer = Writer()
    writer.globals = [("x" * 100_000, 1, "", 0)] * 1
    table = symbols(elf_of(writer.elf()))
    assert table is not None
    with pytest.raises(FormatError, match="bytes of names"):
        table.names(list(range(1, 2000)))
    with pytest.raises(FormatError, match="a symbol's name is at 200000 of"):
        table.names([200_000])


@pytest.mark.parametrize("rela", [True, False])
@pytest.mark.parametrize(("bits", "order"), VARIANTS)
def test_relocations(bits: int, order: str, rela: bool) -> None:
    elf = elf_of(build_module(bits=bits, order=order, exports=["f"], rela=rela))
    rows = elf.relocations(elf.find(b"__ksymtab"))
    assert [row[0] for row in rows] == [0, 4, 8]
    assert {row[2] for row in rows} == {0 if rela else None}
    table = symbols(elf)
    assert table is not None
    assert table.names([table.row(row[1])[0] for row in rows]) == [b"f", b"__kstrtab_f", b"__kstrtabns_f"]
    title = b".rela__ksymtab" if rela else b".rel__ksymtab"
    broken = build_module(bits=bits, order=order, exports=["f"], rela=rela, sections={title.decode(): b"abc"})
    elf = elf_of(broken)
    with pytest.raises(FormatError, match="3 bytes of relocations"):
        elf.relocations(elf.find(b"__ksymtab"))


def test_words() -> None:
    elf = elf_of(build_module(order=">", sections={".a": b"\0\0\1\2\3"}))
    assert elf.word(elf.find(b".a"), 1) == 0x00010203
    for at in (-1, 2):
        with pytest.raises(FormatError, match="a word at"):
            elf.word(elf.find(b".a"), at)


def test_an_absurdly_long_table_is_not_read() -> None:
    elf = elf_of(build_module(sections={".modinfo": bytes((8 << 20) + 1)}))
    with pytest.raises(FormatError, match=r"\.modinfo of 8388609 bytes"):
        elf.named(b".modinfo")
