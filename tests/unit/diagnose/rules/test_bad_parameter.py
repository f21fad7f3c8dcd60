from __future__ import annotations

import pytest

from lkm.diagnose.rules.bad_parameter import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})
_TYPES = {
    "n": "int",
    "u": "uint",
    "b": "byte",
    "s": "string",
    "p": "charp",
    "f": "bool",
    "l": "array of int",
    "own": "",
}
TYPED = build_module(
    "mod",
    modinfo=(*[("parmtype", f"{name}:{kind}") for name, kind in _TYPES.items()], ("parm", "n:A number")),
)
LIST = (
    "l (of type array of int) was given '1', which is not the whole list; "
    "each must be a whole number (-2147483648 to 2147483647)"
)


@pytest.mark.parametrize(
    ("errno", "log", "what"),
    [
        (
            "EINVAL",
            "mod: `abc' invalid for parameter `n'",
            "n (of type int) was given 'abc', which is not a whole number (-2147483648 to 2147483647)",
        ),
        (
            "ERANGE",
            "mod: `99999999999' invalid for parameter `n'",
            "n (of type int) was given '99999999999', which is out of its range: -2147483648 to 2147483647",
        ),
        (
            "ERANGE",
            "mod: `256' invalid for parameter `b'",
            "b (of type byte) was given '256', which is out of its range: 0 to 255",
        ),
        (
            "EINVAL",
            "mod: `-1' invalid for parameter `u'",
            "u (of type uint) was given '-1', which is negative; it takes 0 to 4294967295",
        ),
        (
            "EINVAL",
            "mod: `' invalid for parameter `n'",
            "n (of type int) was given no value; it takes a whole number (-2147483648 to 2147483647)",
        ),
        ("EINVAL", "mod: `' invalid for parameter `p'", "p (of type charp) was given no value; it takes a text"),
        (
            "EINVAL",
            "mod: `maybe' invalid for parameter `f'",
            "f (of type bool) was given 'maybe', which is not y or n",
        ),
        (
            "ENOSPC",
            "mod: `xxxxxxxx' too large for parameter `s'",
            "s (of type string) was given 'xxxxxxxx', which is too long",
        ),
        (
            "ENOSPC",
            "p: string parameter too long",
            "p (of type charp) was given a value that is longer than the 1024 bytes that it takes",
        ),
        (
            "EINVAL",
            "mod: `1' invalid for parameter `l'",
            LIST,
        ),
        (
            "EINVAL",
            "l: can only take 4 arguments|mod: `1' invalid for parameter `l'",
            "l (of type array of int) was given too many values; it takes at most 4",
        ),
        ("EINVAL", "mod: `x' invalid for parameter `own'", "own was given 'x', which is not a value that it takes"),
    ],
)
def test_each_kind(errno: str, log: str, what: str) -> None:
    (finding,) = find(case(TYPED, errno=errno, log=tuple(log.split("|"))))
    assert finding.what == f"parameter {what}"
    assert finding.errno == errno
    assert finding.remedies[0].command == "lkm modinfo -p mod.ko"


def test_what_the_module_says_of_it() -> None:
    (finding,) = find(case(TYPED, errno="EINVAL", log=("mod: `abc' invalid for parameter `n'",)))
    assert [fact.text for fact in finding.facts[1:]] == ["parmtype=n:int", "parm=n:A number"]


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
