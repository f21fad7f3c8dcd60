from __future__ import annotations

import pytest

from lkm.diagnose.loglines import bad_parameters, between, plain, refusals, unknown_symbols


def test_only_those_of_that_error() -> None:
    log = ["m: Unknown symbol a (err -22)", "m: Unknown symbol b (err -2)", "Unknown symbol c"]
    assert unknown_symbols(log) == ["b"]
    assert unknown_symbols(log, 22) == ["a"]


def test_bad_parameters_and_what_is_between() -> None:
    log = ["m: `x y' too large for parameter `s'", "m: `' invalid for parameter `n'", "m: hello"]
    assert bad_parameters(log) == [("s", "x y", "too large"), ("n", "", "invalid")]
    assert between(["Module a is blacklisted", "Module b"], "Module ", " is blacklisted") == ["a"]


@pytest.mark.parametrize(
    "line",
    [
        "m: text [1] <2>",
        "<4>m: text [1] <2>",
        "[    1.234567] m: text [1] <2>",
        "<4>[    1.234567] m: text [1] <2>",
        "[    1.234567][  T123] m: text [1] <2>",
        "4,1139,9520123,-;m: text [1] <2>",
        "Nov 24 22:00:00 host kernel: m: text [1] <2>",
        "2026-11-24T22:00:00+0000 host kernel: [   12.345678] m: text [1] <2>",
    ],
)
def test_whatever_stands_before_it(line: str) -> None:
    assert plain(line) == "m: text [1] <2>"


def test_refusals_of_several_modules() -> None:
    found = refusals(
        [
            "a: version magic 'x' should be 'y'",
            "b: disagrees about version of symbol f",
            "b: Unknown symbol f (err -22)",
            "subarch: c: Unknown rela relocation: 9",
            "d: unknown parameter 'p' ignored",
            "hello",
        ]
    )
    assert {name: number for name, (number, _) in found.items()} == {
        "a": "ENOEXEC",
        "b": "EINVAL",
        "c": "ENOEXEC",
        "d": "",
    }
    assert len(found["b"][1]) == 2
