"""Wildcards against the C library's fnmatch(3) in the C locale, which is what kmod calls."""

from __future__ import annotations

import ctypes
import locale
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lkm.wildcard import _CLASSES, has_wildcard, matches

LIBC = ctypes.CDLL(None)

PIECES = (
    *(
        "a",
        "b",
        "z",
        "-",
        "]",
        "[",
        "!",
        "^",
        "*",
        "?",
        "\\",
        "[ab]",
        "[!a]",
        "[^a]",
        "[a-c]",
        "[c-a]",
        "[]a]",
        "[!]a]",
    ),
    *(
        "[a-]",
        "[-a]",
        "[",
        "[!",
        "[]",
        "[\\]]",
        "[a\\-z]",
        "[[:digit:]]",
        "[[:alpha:]b]",
        "[[:nope:]]",
        "[[:alpha:",
        "/",
    ),
    *(
        "[:a:]",
        "[[.a.]]",
        "[[=a=]]",
        "[a-\\c]",
        "1",
        ".",
        "[%--]",
        "[!-]",
        "[[",
        "[a-c-z]",
        "[[:upper:][:digit:]]",
        "[\\",
    ),
)
TEXTS = st.text(alphabet="abcz-][!^*?\\1./A: ", max_size=5)
PATTERNS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@pytest.fixture(scope="module", autouse=True)
def c_locale() -> Iterator[None]:
    was = locale.setlocale(locale.LC_ALL)
    locale.setlocale(locale.LC_ALL, "C")
    yield
    locale.setlocale(locale.LC_ALL, was)


def libc_matches(pattern: str, text: str) -> bool:
    return bool(LIBC.fnmatch(pattern.encode(), text.encode(), 0) == 0)


@settings(max_examples=4000, derandomize=True, deadline=None)
@given(PATTERNS, TEXTS)
@example("a[", "a[")
@example("[a", "[a")
@example("\\", "\\")
@example("*\\", "a\\")
@example("[[:alpha:", "[[:alpha:")
@example("[a-]", "-")
@example("[[:alpha:-[:a:][a-]", "a")
@example("[[:alpha:-[:a:][a-]", "[")
@example("usb:v*p[0-9]d?", "usb:v12p3dx")
def test_agrees_with_fnmatch(pattern: str, text: str) -> None:
    assert matches(pattern, text) is libc_matches(pattern, text)


@pytest.mark.parametrize("name", sorted(_CLASSES))
def test_each_character_class(name: str) -> None:
    for code in range(1, 128):
        pattern = f"[[:{name}:]]"
        assert matches(pattern, chr(code)) is libc_matches(pattern, chr(code)), (name, code)


@given(TEXTS.filter(lambda text: not has_wildcard(text)), TEXTS)
def test_a_pattern_without_wildcards_matches_itself_alone(pattern: str, text: str) -> None:
    assert matches(pattern, text) is (pattern == text)


@given(st.text(max_size=20))
def test_a_star_matches_everything(text: str) -> None:
    assert matches("*", text)
    assert matches("?" * len(text), text)
    assert matches(text.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?").replace("[", "\\["), text)


def test_many_stars_cost_no_more_than_the_product_of_the_lengths() -> None:
    start = time.process_time()
    assert not matches("*a" * 200 + "b", "a" * 2000)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "pattern",
    [
        "[[[.[[.a.]]",
        "[x[.ab.]]",
        "[x[.ab]",
        "[x[=ab=]]",
        "[x[=a=]]",
        "[x\\\\]]",
        "[x-[.a.]]",
        "[[.a.]-]",
        "[[=a=]-b]",
        "[[=a=]-]",
    ],
)
@pytest.mark.parametrize("text", ["[", "x", "a", "b", "]", "-", "x]", "[]"])
def test_mistakes_after_the_match_of_a_bracket(pattern: str, text: str) -> None:
    assert matches(pattern, text) is libc_matches(pattern, text)


@pytest.mark.sweep
@settings(max_examples=100_000, deadline=None)
@given(PATTERNS, TEXTS)
def test_agrees_with_fnmatch_in_a_long_run(pattern: str, text: str) -> None:
    assert matches(pattern, text) is libc_matches(pattern, text)
