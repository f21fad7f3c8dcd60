"""Module.symvers of all ages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.image.symvers import read
from lkm.modfile.nouns import Export


def test_the_namespace_stood_third_once() -> None:
    old = "0x1\tf\tNS\tvmlinux\tEXPORT_SYMBOL_GPL\n0x2\tg\t\tvmlinux\tEXPORT_SYMBOL\n"
    new = "0x1\tf\tvmlinux\tEXPORT_SYMBOL_GPL\tNS\n0x2\tg\tvmlinux\tEXPORT_SYMBOL\t\n"
    oldest = "0x1\tf\tvmlinux\tEXPORT_SYMBOL_GPL\n0x2\tg\tvmlinux\tEXPORT_SYMBOL\n"
    assert read(old) == read(new)
    exports = read(new)[0]["vmlinux"]
    assert exports == (Export("f", True, "NS", 1), Export("g", False, "", 2))
    assert read(oldest)[0]["vmlinux"] == tuple([export._replace(namespace="") for export in exports])


def test_a_build_without_versions() -> None:
    found, _ = read("0x00000000\tf\tvmlinux\tEXPORT_SYMBOL\t\n0x00000000\tg\ta/b-c\tEXPORT_SYMBOL\t\n")
    assert [export.crc for exports in found.values() for export in exports] == [None, None]
    assert list(found) == ["vmlinux", "b_c"]


def test_one_odd_line_kills_nothing() -> None:
    found, problems = read("text\n0x1\tf\tvmlinux\tEXPORT_SYMBOL\t\nx\tg\tvmlinux\tEXPORT_SYMBOL\t\n\n", "F")
    assert (len(found["vmlinux"]), [str(problem.origin) for problem in problems]) == (1, ["F:1", "F:3"])


@given(st.text(st.sampled_from("0x1f\t\nvmlinuxEXPORT_SYMBOL")))
def test_nothing_is_dropped_in_silence(text: str) -> None:
    found, problems = read(text)
    assert sum(map(len, found.values())) + len(problems) == sum(bool(line.strip()) for line in text.split("\n"))
