"""POSIX expressions, compared with the C library's regcomp(3)."""

from __future__ import annotations

import ctypes
import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from lkm.config.ere import found, translate
from lkm.errors import FormatError

LIBC = ctypes.CDLL(None)
EXTENDED, NOSUB = 1, 8


def libc_found(pattern: str, text: str) -> bool | None:
    """Return what the C library says, or None when it does not take the pattern."""
    compiled = ctypes.create_string_buffer(256)
    if LIBC.regcomp(compiled, pattern.encode(), EXTENDED | NOSUB):
        return None
    status = LIBC.regexec(compiled, text.encode(), 0, None, 0)
    LIBC.regfree(compiled)
    return bool(status == 0)


PIECES = (
    *("6", ".", "1", "-", "a", "b", "[a-c]", "[^0-9]", "[]x]", "[^]-]", "[.]", "[[:digit:]]", "[[:alpha:]_]", "\\."),
    *(
        "(",
        ")",
        "|",
        "*",
        "+",
        "?",
        "{2}",
        "{1,}",
        "{,2}",
        "{",
        "^",
        "$",
        "\\d",
        "\\w",
        "\\<",
        "\\b",
        "[\\d]",
        "(a|b)",
    ),
)
RELEASES = ("6.1.176", "6.1.0-56-amd64", "5.10", "", "a", "6", "66.1", "ab-{1.d\\")


def well_formed(pattern: str) -> bool:
    """Leave out where POSIX leaves the meaning open: repeats of nothing."""
    return re.search(r"(^|[(|^$]|\\[<b])[*+?{]", pattern) is None


@settings(max_examples=1000, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), st.sampled_from(RELEASES))
@example("6.1.*-amd64$", "6.1.0-56-amd64")
@example("a+?b|6*+1", "6.1.176")
@example("(6|5)[.](1+)+", "6.1.176")
def test_agrees_with_the_c_library(pattern: str, text: str) -> None:
    assume(well_formed(pattern))
    expected = libc_found(pattern, text)
    if expected is None:
        with pytest.raises(FormatError):
            found(pattern, text)
    else:
        assert found(pattern, text) is expected


@pytest.mark.parametrize(
    "pattern", ["[", "[[:nope:]]", "a\\", "(a", "[^]", "a{2,1}", "a{", "a{x}", "a{99999999999}", "\\9"]
)
def test_what_is_no_expression(pattern: str) -> None:
    with pytest.raises(FormatError) as caught:
        found(pattern, "x")
    assert caught.value.what


@given(st.text(max_size=30))
def test_no_other_error(pattern: str) -> None:
    try:
        found(pattern, "6.1.0")
    except FormatError:
        return
    assert translate(pattern) is not None
