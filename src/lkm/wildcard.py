r"""Shell wildcards with the rules of C's fnmatch(3), flags 0, C locale, which is what aliases are written for.

Python's ``fnmatch`` differs: it knows no backslash and no ``[[:digit:]]``, and imports ``re``.

>>> matches("usb:v*p[0-9]d?", "usb:v12p3dx"), matches("a[!b]c", "abc"), matches(r"a\*", "a*"), matches("a[", "a[")
(True, False, True, True)
>>> matches("[[:digit:]x-z]", "y"), matches("*", "any/thing")
(True, True)
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_CLASSES: dict[str, Callable[[str], bool]] = {
    "alnum": str.isalnum,
    "alpha": str.isalpha,
    "blank": lambda c: c in " \t",
    "cntrl": lambda c: c < " " or c == "\x7f",
    "digit": str.isdigit,
    "graph": lambda c: "!" <= c <= "~",
    "lower": str.islower,
    "print": lambda c: " " <= c <= "~",
    "punct": lambda c: "!" <= c <= "~" and not c.isalnum(),
    "space": lambda c: c in " \t\n\v\f\r",
    "upper": str.isupper,
    "xdigit": lambda c: c in "0123456789abcdefABCDEF",
}


def has_wildcard(text: str) -> bool:
    """Tell whether any character of the text is special in a pattern."""
    return any(char in text for char in "*?[\\")


def matches(pattern: str, text: str) -> bool:
    """Tell whether the whole text matches the pattern. Never raises; linear but for the product of the lengths."""
    p = t = 0
    star = resume = -1
    while t < len(text):
        if p < len(pattern) and pattern[p] == "*":
            star, resume = p, t
            p += 1
            continue
        after = _match_one(pattern, p, text[t]) if p < len(pattern) else -1
        if after >= 0:
            p, t = after, t + 1
        elif star >= 0:
            resume += 1
            p, t = star + 1, resume
        else:
            return False
    while p < len(pattern) and pattern[p] == "*":
        p += 1
    return p == len(pattern)


def _match_one(pattern: str, p: int, char: str) -> int:
    """Return the place after the pattern element at ``p`` when it matches the character, else -1."""
    special = pattern[p]
    if special == "?":
        return p + 1
    if special == "[":
        result = _match_bracket(pattern, p, char)
        if result is not None:
            matched, after = result
            return after if matched else -1
    elif special == "\\":
        if p + 1 == len(pattern):
            return -1  # a trailing backslash matches nothing
        return p + 2 if pattern[p + 1] == char else -1
    return p + 1 if special == char else -1


def _match_bracket(pattern: str, p: int, char: str) -> tuple[bool, int] | None:
    """Match ``[...]`` at ``p``: (matched, place after), or None when it is never closed and ``[`` is literal.

    A mistake in what was read before the end is known makes it match nothing, as in glibc (fnmatch_loop.c).
    """
    nothing = False, len(pattern)
    at = p + 1
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    found = False
    first = True
    while first or pattern[at : at + 1] != "]":
        first = False
        if at >= len(pattern):
            return None
        if pattern[at] == "[" and pattern[at + 1 : at + 2] == ":" and (end := _class_end(pattern, at)) > 0:
            test = _CLASSES.get(pattern[at + 2 : end - 2])
            if test is None and not found:
                return nothing
            found = found or (test is not None and char.isascii() and bool(test(char)))
            at = end
            continue
        if found:
            at = _after(pattern, at)
            if at < 0:
                return nothing
            continue
        opens = pattern[at : at + 2]
        low, at = _bracket_char(pattern, at)
        high = low
        dash = pattern[at : at + 1] == "-" and opens != "[="  # an equivalence class begins no range
        last = dash and pattern[at + 1 : at + 2] == "]"
        if dash and not last:
            high, at = _range_end(pattern, at + 1)
        if not low or not high:
            return nothing
        # A collating symbol before a last "-" is taken to begin a range, which it does not: it matches nothing.
        found = low <= char <= high and not (last and opens == "[.")
    return found != negated, at + 1


def _range_end(pattern: str, at: int) -> tuple[str, int]:
    """Return the last character of a range and the place after it; no equivalence class can stand there."""
    if pattern[at : at + 2] == "[=":
        return "[", at + 1
    return _bracket_char(pattern, at) if at < len(pattern) else ("", at)


def _after(pattern: str, at: int) -> int:
    """Return the place after an element of a bracket that has matched already, or -1 when it is a mistake.

    glibc then only looks for the end: a ``-`` makes no range, and a collating symbol may have any name.
    """
    opens = pattern[at : at + 2]
    if opens == "[.":
        end = pattern.find(".]", at + 2)
        return end + 2 if end >= 0 else -1
    if opens == "[=":
        return at + 5 if pattern.startswith("=]", at + 3) else -1
    return at + (2 if pattern[at] == "\\" else 1)


def _class_end(pattern: str, at: int) -> int:
    """Return the place after ``[:name:]`` at ``at``, or -1 when it is no such thing."""
    end = at + 2
    while "a" <= pattern[end : end + 1] < "z":
        end += 1
    return end + 2 if pattern.startswith(":]", end) else -1


def _bracket_char(pattern: str, at: int) -> tuple[str, int]:
    """Return the character at ``at`` inside a bracket and the place after it; "" when it is a mistake.

    It may be escaped, or written as collating symbol (``[.x.]``) or equivalence class (``[=x=]``).
    """
    char = pattern[at]
    if char == "\\":
        return pattern[at + 1 : at + 2], at + 2
    if char == "[" and pattern[at + 1 : at + 2] == "=" and pattern.startswith("=]", at + 3):
        return pattern[at + 2], at + 5
    if char == "[" and pattern[at + 1 : at + 2] == ".":
        return (pattern[at + 2], at + 5) if pattern.startswith(".]", at + 3) else ("", at)
    return char, at + 1
