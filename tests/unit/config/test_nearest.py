from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def distance(one: str, other: str) -> int:
    """Return the edits between two words, plainly: the recurrence, nothing left out."""
    rows = [[max(i, j) if not i * j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i, a in enumerate(one, 1):
        for j, b in enumerate(other, 1):
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a != b))
            if i > 1 and j > 1 and (a, one[i - 2]) == (other[j - 2], b):
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(st.text("abcd", max_size=9), st.lists(st.text("abcd", max_size=9), max_size=6))
def test_what_is_passed_over_for_speed_changes_nothing(word: str, known: list[str]) -> None:
    within = [(distance(word, k), k) for k in known if distance(word, k) <= max(1, len(k) // 3)]
    assert nearest(word, known) == min(within, default=(0, ""))[1]


def test_a_word_that_is_far_hides_none_that_is_near() -> None:
    assert nearest("abcdefghi", ("aacdxyzi", "zbcdyfghx")) == "zbcdyfghx"
