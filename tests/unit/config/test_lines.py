from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.config.lines import BLANKS, logical_lines, word_at, words

TEXT = st.text(alphabet="ab \t\\\n\r\0#", max_size=60)


def texts(text: str) -> list[str]:
    return [line.text for line in logical_lines(text)]


def test_a_backslash_before_the_line_end_joins_lines_and_counts_them() -> None:
    found = list(logical_lines("a \\\n\\\nb\n\nc"))
    assert [(line.text, line.first, line.last) for line in found] == [("a b", 1, 3), ("c", 5, 5)]


def test_a_backslash_elsewhere_vanishes_and_protects_the_next_character() -> None:
    assert texts("a\\bc \\\\ \\\\\\\\n\n") == ["abc \\ \\\\n"]
    assert texts("two\\\\\nlines") == ["two\\", "lines"]


def test_a_backslash_at_the_end_of_the_file_vanishes() -> None:
    assert texts("ab\\") == ["ab"]
    assert texts("ab\\\n") == ["ab"]


def test_nul_hides_the_rest_of_the_logical_line_only() -> None:
    assert texts("ab\0cd\\\nef\ngh") == ["ab", "gh"]


def test_carriage_return_form_feed_and_unicode_line_ends_are_characters() -> None:
    assert texts("a\rb\fc\x1cd\x85e\u2028f\r\n") == ["a\rb\fc\x1cd\x85e\u2028f\r"]


@given(TEXT)
def test_joining_lines_by_hand_changes_nothing(text: str) -> None:
    plain = text.replace("\\", "").replace("\0", "")
    joined = plain.replace("a", "a\\\n")
    assert texts(joined) == texts(plain)


@given(TEXT)
def test_line_numbers_rise_and_lie_in_the_file(text: str) -> None:
    last = 0
    for line in logical_lines(text):
        assert last < line.first <= line.last <= text.count("\n") + 1
        assert line.text and "\0" not in line.text
        last = line.last


@given(TEXT)
def test_words_one_by_one_are_the_words_all_at_once(text: str) -> None:
    at, found = 0, []
    while (step := word_at(text, at))[0]:
        assert text.startswith(step[0], step[1]) and step[1] >= at
        found.append(step[0])
        at = step[1] + len(step[0])
    assert found == words(text, BLANKS)


def test_words_are_parted_by_c_space_only() -> None:
    assert words("\va\t b\f\r\nc\x1cd\u2003e") == ["a", "b", "c\x1cd\u2003e"]
