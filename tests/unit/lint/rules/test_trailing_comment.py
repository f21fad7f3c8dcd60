from __future__ import annotations

from tests.support.linting import case, found, mended, told


def test_where_it_is_no_comment() -> None:
    text = "options loop max_loop=1  # why\nsoftdep fat post: loop # x"
    assert told("trailing_comment", case(text)) == [
        "1: the kernel gets the comment as parameters ^# why",
        "2: the words of the comment become names of modules ^# x",
    ]
    wanted = "# why\noptions loop max_loop=1\n# x\nsoftdep fat post: loop"
    assert mended("trailing_comment", text) == wanted
    assert told("trailing_comment", case(loads="loop # x")) == ["1: the comment becomes a part of the name ^# x"]


def test_with_a_backslash_it_is_left_alone() -> None:
    for text in ("options loop max_loop=1 # a\\", "options loop \\\nmax_loop=1 # a"):
        (flaw,) = found("trailing_comment", case(text))
        assert flaw.edit is None


def test_healthy() -> None:
    text = 'blacklist loop # fine\ninstall fat true # fine\noptions snd-hda-intel model="a # b" patch=a#b\n# x # y\n'
    assert found("trailing_comment", case(text)) == []
