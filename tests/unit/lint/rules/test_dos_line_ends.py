from __future__ import annotations

from tests.support.linting import case, found, mended, told

TEXT = "# a\r\nblacklist loop\r\noptions loop max_loop=1\n"


def test_told_once_a_file_and_mended() -> None:
    assert told("dos_line_ends", case(TEXT)) == ["1: ends in a carriage return (as do 1 more lines) ^"]
    assert mended("dos_line_ends", TEXT) == "# a\nblacklist loop\noptions loop max_loop=1\n"


def test_other_rules_see_the_words_without() -> None:
    assert found("unknown_module", case(TEXT)) == []
    assert found("unreadable", case(TEXT)) == []


def test_healthy() -> None:
    assert found("dos_line_ends", case("blacklist loop\n", loads="loop\r\n")) == []
