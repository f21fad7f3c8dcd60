from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from lkm.diagnose.words import count, name_of, some, typed
from tests.support.elfwriter import build_module
from tests.support.sick import case


@given(st.text(st.characters(blacklist_characters="\0")))
def test_a_shell_reads_what_was_meant(word: str) -> None:
    assert shlex.split(typed(word)) == [word]


def test_the_name_in_the_file_counts() -> None:
    assert name_of(case(build_module("inside"))) == "inside"
    assert name_of(case(b"")) == "mod"


def test_lists_and_numbers() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some(list("abcdef")) == "a, b, c, d and 2 more"
    assert count(0, "user") == "0 users"
