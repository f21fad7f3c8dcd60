r"""Parameters as insmod of modutils 2.4 checked them against ``parm_NAME=[MIN[-MAX]]{b,h,i,l,s,cN}[p]``.

The texts are those of its insmod.c, from memory; numbers are read as strtoul(3) does with base 0.

>>> check({"io": "1-4i"}, ["io=0x300,0x320"])
([('io', '0x300,0x320')], '')
>>> check({"io": "1-4i"}, ["io=1,2,3,4,5"])[1], check({"io": "2i"}, ["io=1"])[1]
('too many values for io (max 4)', 'too few values for io (min 2)')
>>> check({"io": "i"}, ["io=0x3g"])[1], check({}, ["irq=5"])[1]
("invalid argument syntax for io: 'g'", 'invalid parameter parm_irq')
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def check(types: Mapping[str, str], words: Sequence[str]) -> tuple[list[tuple[str, str]], str]:
    """Return the name and value of each word, and the first fault, or "". Words without ``=`` do not count."""
    given: list[tuple[str, str]] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            continue
        if name not in types:
            return given, f"invalid parameter parm_{name}"
        fault = _fault(name, types[name], value)
        if fault:
            return given, fault
        given.append((name, value))
    return given, ""


def split_type(text: str) -> tuple[int, int, str, int, bool]:
    """Return least and greatest number of values, the letter, N of ``cN`` (or 0), and whether it is persistent.

    >>> split_type("1-4i"), split_type("c16p")
    ((1, 4, 'i', 0, False), (1, 1, 'c', 16, True))
    """
    low, rest = _digits(text)
    least = most = int(low or 1)
    if low and rest.startswith("-"):
        high, rest = _digits(rest[1:])
        most = int(high or 0)
    width, tail = _digits(rest[1:])
    return least, most, rest[:1], int(width or 0), tail == "p"


def _digits(text: str) -> tuple[str, str]:
    end = next((at for at, char in enumerate(text) if char not in "0123456789"), len(text))
    return text[:end], text[end:]


def _fault(name: str, kind: str, value: str) -> str:
    least, most, letter, width, _ = split_type(kind)
    if letter not in ("b", "h", "i", "l", "s", "c"):
        return f"unknown parameter type '{letter}' for {name}"
    count, rest = 0, value
    while True:
        count += 1
        if count > most:
            return f"too many values for {name} (max {most})"
        if letter in "sc":
            taken, rest, fault = _string(name, rest)
            if fault:
                return fault
            if letter == "c" and len(taken) >= width:
                return f"string too long for {name} (max {width - 1})"
        else:
            rest = _after_number(rest)
        if not rest:
            return f"too few values for {name} (min {least})" if count < least else ""
        if rest[0] != ",":
            return f"invalid argument syntax for {name}: '{rest[0]}'"
        rest = rest[1:]


def _string(name: str, text: str) -> tuple[str, str, str]:
    """Return one string value, what follows it, and the fault."""
    if not text.startswith('"'):
        taken, comma, rest = text.partition(",")
        return taken, comma + rest, ""
    out, at = "", 1
    while at < len(text) and text[at] != '"':
        at += text[at] == "\\" and at + 1 < len(text)
        out += text[at]
        at += 1
    if at >= len(text):
        return out, "", f"improperly terminated string argument for {name}"
    return out, text[at + 1 :], ""


def _after_number(text: str) -> str:
    """Return what strtoul(3) leaves; all of it where there is no number."""
    body = text.lstrip(" \t\n\v\f\r")
    body = body[1:] if body[:1] in ("+", "-") else body
    digits = "0123456789"
    if body[:2].lower() == "0x" and body[2:3].lower() in tuple("0123456789abcdef"):
        body, digits = body[2:], "0123456789abcdef"
    elif body[:1] == "0":
        digits = "01234567"
    rest = body.lstrip(digits + digits.upper())
    return text if rest == body else rest
