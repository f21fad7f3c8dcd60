from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.config import nearest as module
from lkm.config.modprobe import SYNTAX
from lkm.config.nearest import nearest


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("optoins", "options"),
        ("Blacklist", "blacklist"),
        ("option", "options"),
        ("soft-dep", "softdep"),
        ("xyzzy", ""),
    ],
)
def test_slips_of_the_pen(word: str, meant: str) -> None:
    assert nearest(word, SYNTAX) == meant


@given(st.text(max_size=60))
def test_an_answer_is_a_known_word_or_none(word: str) -> None:
    assert nearest(word, SYNTAX) in {"", *SYNTAX}


@given(st.sampled_from(sorted(SYNTAX)))
def test_a_known_word_is_nearest_to_itself(word: str) -> None:
    assert nearest(word, SYNTAX) == word


def test_without_known_words_there_is_no_answer() -> None:
    assert nearest("a", ()) == ""


@given(st.text("abc", max_size=7), st.lists(st.text("abc", max_size=7), max_size=6))
def test_giving_up_early_changes_nothing(word: str, known: list[str]) -> None:
    def whole(one: str, other: str, most: int) -> int:
        return distance(one, other, 99)

    distance = module._distance
    found = nearest(word, known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_distance", whole)
        assert nearest(word, known) == found
