from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.config.cmdline import kernels_blacklist, parse
from lkm.config.nouns import Blacklist, Options
from lkm.names import ModuleName
from lkm.origin import Origin


def options(text: str) -> list[tuple[str, str]]:
    found, problems = parse(text)
    assert not problems
    return [(f.module, f.text) for f in found if isinstance(f, Options)]


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("a.b=1", ("a", "b=1")),
        ("snd-x.y-z=1-2", ("snd_x", "y-z=1-2")),
        ("a.b", ("a", "b")),
        ("a.b=", ("a", "b=")),
        ("a.b=c.d=e", ("a", "b=c.d=e")),
        (".b=1", ("", "b=1")),
        ("a.=1", ("a", "=1")),
        ('a.b="c d"', ("a", 'b="c d"')),
        ('"a.b=c d"', ("a", 'b="c d"')),
        ('a.b=1"2 3"4', ("a", 'b=1"2 3"4')),
        ("x[a-b]-c.d=1", ("x[a-b]_c", "d=1")),
        ("modprobe.foo=1", ("modprobe", "foo=1")),
        ("modprobe.blacklist", ("modprobe", "blacklist")),
    ],
)
def test_options_of_modules(word: str, meaning: tuple[str, str]) -> None:
    assert options(word) == [meaning]
    assert options(f"quiet {word}\tro\n") == [meaning]


@pytest.mark.parametrize(
    "word",
    ["quiet", "root=/dev/a.b", "a.b.c=1", "a..b=1", '"a.b"', 'a"b.c=1"', 'a.b"=1"', '""a.b=1', '"a b.c=1"', "--"],
)
def test_words_for_others(word: str) -> None:
    assert parse(f"{word} x.y=1") == parse("x.y=1")


def test_an_open_quote_loses_the_last_word_only() -> None:
    assert options('a.b=1 c.d="2 e.f=3') == [("a", "b=1")]


def test_nul_ends_the_text() -> None:
    assert options("a.b=1\0 c.d=2") == [("a", "b=1")]


def test_blacklist_is_parted_at_commas_and_folded() -> None:
    first, second = "modprobe.blacklist=a-b,c", "modprobe.blacklist=d"
    found, _ = parse(f"quiet {first} {second}")
    said = (("a_b", first), ("c", first), ("d", second))
    assert found == tuple(Blacklist(ModuleName(name), Origin("/proc/cmdline", 0, word)) for name, word in said)


def test_the_kernels_own_blacklist_is_the_last_word_before_inits() -> None:
    text = "x module_blacklist=a,b_c 'y' \"module-blacklist=d,b_c\" module_blacklist -- module_blacklist=a\n"
    assert kernels_blacklist(text.replace("module_blacklist ", "")) == ("d", "b_c")
    for line, names in ((text, ()), ("", ()), ("module_blacklist=a,,bb", ("a", "bb"))):
        assert kernels_blacklist(line) == names


def test_a_bracket_alone_in_the_module_name_is_a_problem() -> None:
    found, (wrong,) = parse("q x].y=1 a.b=1")
    assert len(found) == 1
    assert str(wrong) == "/proc/cmdline: bad module name 'x]'"
    assert (wrong.column, wrong.hint) == (3, "']' without '[' in alias 'x]'")


WORDS = st.text(alphabet='ab.=" -[]\t,', max_size=60)


@given(WORDS)
def test_no_text_makes_it_raise(text: str) -> None:
    found, problems = parse(text)
    assert len(found) + len(problems) <= len(text)


@given(st.lists(st.sampled_from(["a.b=1", "c-d.e", "quiet", 'f.g="h i"', '"f.g=h i"', "x=y.z"])), WORDS)
def test_each_closed_word_counts_for_itself(words: list[str], tail: str) -> None:
    apart = tuple(fact for word in words for fact in parse(word)[0])
    assert parse(" ".join([*words, tail]))[0][: len(apart)] == apart
