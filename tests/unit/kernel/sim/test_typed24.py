"""Typed parameters of 2.4."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.kernel.sim.typed24 import check, split_type


@pytest.mark.parametrize(
    ("kind", "value", "fault"),
    [
        ("i", "5", ""),
        ("i", "-5", ""),
        ("i", "0x1F", ""),
        ("i", "", ""),
        ("1-4i", "1,2,3,4", ""),
        ("1-4i", "1,2,3,4,5", "too many values for p (max 4)"),
        ("2i", "1", "too few values for p (min 2)"),
        ("2-3i", "1", "too few values for p (min 2)"),
        ("i", "abc", "invalid argument syntax for p: 'a'"),
        ("i", "08", "invalid argument syntax for p: '8'"),
        ("i", "0x", "invalid argument syntax for p: 'x'"),
        ("i", "1 2", "invalid argument syntax for p: ' '"),
        ("c4", "abc", ""),
        ("c4", "abcd", "string too long for p (max 3)"),
        ("s", '"a,b"', ""),
        ("s", "a,b", "too many values for p (max 1)"),
        ("1-2s", "a,b", ""),
        ("s", '"a', "improperly terminated string argument for p"),
        ("s", '"a"b', "invalid argument syntax for p: 'b'"),
        ("z", "1", "unknown parameter type 'z' for p"),
    ],
)
def test_values(kind: str, value: str, fault: str) -> None:
    given, text = check({"p": kind}, [f"p={value}"])
    assert (text, given) == (fault, [] if fault else [("p", value)])


def test_words() -> None:
    assert check({"a": "i"}, ["word", "a=1"]) == ([("a", "1")], "")
    assert check({"a": "i"}, ["a=1", "b=2", "c=3"]) == ([("a", "1")], "invalid parameter parm_b")


@given(st.integers(1, 9), st.integers(0, 9), st.integers(1, 20))
def test_the_number_of_values(least: int, more: int, count: int) -> None:
    text = check({"p": f"{least}-{least + more}i"}, ["p=" + ",".join(["7"] * count)])[1]
    assert bool(text) == (not least <= count <= least + more)
    assert split_type(f"{least}-{least + more}bp") == (least, least + more, "b", 0, True)
