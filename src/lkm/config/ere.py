r"""POSIX extended regular expressions, as depmod.d uses them on kernel versions, turned into Python's.

The texts differ in brackets (no backslash escapes, but classes, and ``]`` first), in ``\d`` and the like (plain
letters here), and in a repeat after a repeat. Collating symbols (``[.x.]``, ``[=x=]``) count as characters.

>>> found("^6[.]1[[:punct:]]", "6.1.0"), found("6.1.*-amd64$", "6.1.0-56-amd64"), found("^5", "6.5")
(True, True, False)
"""

from __future__ import annotations

from lkm.errors import FormatError

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \\t-\\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
#: Escapes of glibc that Python knows by the same or another name; any other escaped character stands for itself.
_ESCAPES = {"w": "\\w", "W": "\\W", "s": "\\s", "S": "\\S", "b": "\\b", "B": "\\B", "`": "\\A", "'": "\\Z"}
_ESCAPES |= {"<": "\\b(?=\\w)", ">": "\\b(?<=\\w)"} | {digit: f"(?:\\{digit})" for digit in "123456789"}


def found(pattern: str, text: str) -> bool:
    """Tell whether the pattern matches anywhere in the text. Raises FormatError when it is no regular expression."""
    import re

    try:
        return re.search(translate(pattern), text, re.ASCII) is not None
    except (re.error, OverflowError, RecursionError) as error:
        raise FormatError(f"bad regular expression '{pattern}': {error}") from None


def translate(pattern: str) -> str:
    """Return the pattern in Python's language. Raises FormatError for an open bracket or a backslash at the end."""
    groups: list[list[str]] = [[]]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        atoms = groups[-1]
        if char == "[":
            piece, at = _bracket(pattern, at)
            atoms.append(piece)
            continue
        if char == "\\":
            at += 1
            if at == len(pattern):
                raise FormatError(f"backslash at the end of regular expression '{pattern}'", offset=at - 1)
            atoms.append(_ESCAPES.get(pattern[at], _literal(pattern[at])))
        elif char == "(":
            groups.append([])
        elif char == ")" and len(groups) > 1:
            inner = "".join(groups.pop())
            groups[-1].append(f"({inner})")
        elif char in "*+?{":
            at = _repeat(pattern, at, atoms)
            continue
        else:
            atoms.append({"^": "\\A", "$": "\\Z", ".": "(?s:.)", "|": "|"}.get(char, _literal(char)))
        at += 1
    if len(groups) > 1:
        raise FormatError(f"'(' without ')' in regular expression '{pattern}'")
    return "".join(groups[0])


def _repeat(pattern: str, at: int, atoms: list[str]) -> int:
    """Apply the repeat at ``at`` to the last atom; return the place after it."""
    end = at + 1
    count = pattern[at]
    if count == "{":
        end = pattern.find("}", at) + 1
        low, comma, high = pattern[at + 1 : end - 1].partition(",")
        digits = (low + high).isdigit() and (low + high).isascii()
        if not end or not (digits or comma == pattern[at + 1 : end - 1]):
            raise FormatError(f"'{{' without a count in regular expression '{pattern}'", offset=at)
        count = "{" + (low or "0") + comma + high + "}"
    if not atoms or atoms[-1] == "|":
        return end  # nothing to repeat: glibc passes over it
    atoms[-1] = f"(?:{atoms[-1]}){count}"
    return end


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    """Return the bracket expression at ``at`` in Python's form, and the place after it."""
    end = at + 1
    negated = pattern[end : end + 1] == "^"
    end += negated
    out: list[str] = []
    first = True
    while first or pattern[end : end + 1] != "]":
        first = False
        char = pattern[end : end + 1]
        if not char:
            raise FormatError(f"'[' without ']' in regular expression '{pattern}'", offset=at)
        kind = pattern[end + 1 : end + 2]
        close = pattern.find(kind + "]", end + 2) if char == "[" and kind and kind in ":.=" else -1
        if close < 0:
            out.append("-" if char == "-" and out and pattern[end + 1 : end + 2] != "]" else _literal(char))
            end += 1
            continue
        name = pattern[end + 2 : close]
        if kind == ":" and name not in _CLASSES:
            raise FormatError(f"unknown character class '[:{name}:]'", offset=end)
        out.append(_CLASSES[name] if kind == ":" else "".join(_literal(c) for c in name))
        end = close + 2
    return f"[{'^' if negated else ''}{''.join(out)}]", end + 1


def _literal(char: str) -> str:
    return char if char.isalnum() or char == "_" or char > "\x7f" else f"\\x{ord(char):02x}"
