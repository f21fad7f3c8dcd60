"""System.map and kallsyms, the text of a real kernel among them (tests/lab/test_check.py has a live one)."""

from __future__ import annotations

import pytest

from lkm.errors import FormatError
from lkm.image.symbolmap import read
from lkm.modfile.nouns import Export

MAP = """\
ffffffff81000000 T _text
ffffffff82000010 r __ksymtab_b
ffffffff82000020 R __start___ksymtab_gpl
ffffffff82000020 r __ksymtab_a
ffffffff82000030 R __stop___ksymtab_gpl
"""


def test_marks_come_by_the_place() -> None:
    found = read(MAP)
    assert found.marked
    assert found.exports == (Export("a", True), Export("b"))


def test_who_may_not_see_addresses_sees_no_marks() -> None:
    zeros = "".join(f"{0:016x}{line[16:]}\n" for line in MAP.splitlines())
    found = read(zeros)
    assert not found.marked
    assert [export.gpl_only for export in found.exports] == [False, False]


def test_what_modules_export_is_not_the_kernels() -> None:
    assert read(MAP + "ffffffffc0000000 r __ksymtab_c\t[fat]\n") == read(MAP)


def test_old_kernels_have_crcs_as_addresses() -> None:
    assert read(MAP + "00000000deadbeef A __crc_b\n").exports[1].crc == 0xDEADBEEF
    assert read(MAP + "ffffffff82001000 r __crc_b\n").exports[1].crc is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n",
            "no exported symbol",
        ),
        ("", "no exported symbol"),
        ("<html>\n", "line 1 is no `address type name`: <html>"),
        (MAP + "x r __ksymtab_x\n", "line 6 is no"),
    ],
)
def test_what_tells_nothing(text: str, says: str) -> None:
    with pytest.raises(FormatError, match=says) as caught:
        read(text, "F")
    assert caught.value.where == "F"
