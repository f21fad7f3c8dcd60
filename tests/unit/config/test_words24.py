"""The words of modules.conf: quotes, variables, commands that are not run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.config.words24 import expand, lines24, split24
from lkm.errors import FormatError


@pytest.mark.parametrize(
    ("word", "means"),
    [
        ("plain", "plain"),
        ("$X${X}Y$XY$", "xxY$"),
        ('"a $X" b', "a x b"),
        ("'$X'", "$X"),
        ("it's", "it's"),
        ("a\\$X", "a$X"),
        ("`uname -r`-`kernelversion`", "2.4.2-2-2.4"),
    ],
)
def test_expansion(word: str, means: str) -> None:
    assert expand(word, {"X": "x"}, "2.4.2-2") == means


@pytest.mark.parametrize("word", ["a`id`", "a$(id)", "a${", "a${-x}", "a`id"])
def test_no_shell_is_run(word: str) -> None:
    with pytest.raises(FormatError) as caught:
        expand(word, {}, "2.4.2-2")
    assert caught.value.offset == 1


def test_quotes_of_parameters_stay_for_insmod() -> None:
    assert expand('name="a $X"', {"X": "b c"}, "2.4.2", keep_quotes=True) == 'name="a b c"'


@given(st.text(alphabet="ab '\"`\\$#{}(\n\t"))
def test_split_words_are_the_text_without_blanks_between(text: str) -> None:
    for line in lines24(text):
        end = 0
        for word, at in split24(line.text):
            assert line.text[at : at + len(word)] == word
            assert word
            assert not line.text[end:at].strip(" \t")
            end = at + len(word)
        assert not line.text[end:].strip(" \t")


def test_lines_are_numbered_and_joined() -> None:
    assert [(line.text, line.first) for line in lines24("a#b\n\nc\\\nd\r\ne\\")] == [("a", 1), ("cd", 3), ("e\\", 5)]
