"""Parameter values: what a real Linux 6.1 answered to each."""

from __future__ import annotations

from errno import EINVAL, ERANGE

import pytest

from lkm.kernel.sim.parameters import judge, split


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        *(("int", "abc", EINVAL), ("int", "1.5", EINVAL), ("int", None, EINVAL), ("int", "12x", EINVAL)),
        *(("int", "0x10", 0), ("int", "010", 0), ("int", "-3", 0), ("int", "99999999999", ERANGE)),
        *(("uint", "-1", EINVAL), ("byte", "256", ERANGE), ("bool", None, 0), ("bool", "maybe", EINVAL)),
        *(("array of int", "1,2,x", EINVAL), ("array of int", "1,2", 0), ("charp", "", 0)),
    ],
)
def test_values(kind: str, value: str | None, expected: int) -> None:
    assert judge(kind, value) == expected


def test_quotes_and_the_double_dash() -> None:
    assert split('a="x y" b') == ([("a", "x y"), ("b", None)], "")
    assert split("a=1 -- b=2") == ([("a", "1")], "b=2")
