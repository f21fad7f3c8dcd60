from __future__ import annotations

from lkm.report.lsmod import in_order, table
from lkm.state.modules import parse_modules

STATE = "fat 60806 2 vfat,msdos, Live 0x0\ns 1 -1 - Unloading 0x0\nname_longer_than_nineteen 123456789 0 - Live 0x0\n"


def test_columns() -> None:
    assert table(parse_modules(STATE)[0], lambda _: ("msdos", "vfat")) == (
        "Module                  Size  Used by\n"
        "fat                    60806  2 msdos,vfat\n"
        "s                          1  -1\n"
        "name_longer_than_nineteen 123456789  0\n"
    )


def test_holders_that_the_directory_does_not_list_come_last_and_none_is_added() -> None:
    assert in_order(("a", "b", "c"), ("x", "c", "a")) == ("c", "a", "b")
    assert in_order(("a",), ("b",)) == ("a",)
