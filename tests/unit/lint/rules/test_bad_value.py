from __future__ import annotations

import pytest

from tests.support.linting import case, found, told


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("max_loop=abc", "is given 'abc', which it does not take"),
        ("max_loop=", "is given '', which it does not take"),
        ("max_loop", "needs a value"),
        ("max_part=40000", "is given '40000', which is out of its range"),
        ("index=1,2,3", "takes at most 2 values, and is given 3"),
        ("index=1,x", "is given 'x', which it does not take"),
        ("enable=maybe", "is given 'maybe', which it does not take"),
        ("patch=four", "is given 'four', which is too long"),
    ],
)
def test_what_the_kernel_refuses(word: str, what: str) -> None:
    module = "loop" if word.startswith("max") else "snd-hda-intel"
    (text,) = told("bad_value", case(f"options {module} {word}"))
    assert what in text
    assert text.endswith(f" ^{word}")


def test_the_range_is_told() -> None:
    (flaw,) = found("bad_value", case("options loop max_part=40000"))
    assert flaw.advice == "it takes whole numbers from -32768 to 32767"
    assert found("bad_value", case("options snd-hda-intel enable=maybe"))[0].advice.startswith("it takes y or n")


def test_healthy() -> None:
    text = 'options loop max_loop=0x10 own=anything\noptions snd-hda-intel index=-2,1 enable model="a b" patch=abc'
    assert found("bad_value", case(text, cmdline="ext4.debug_level=7")) == []
