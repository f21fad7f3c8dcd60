r"""Logical lines of modprobe.d and depmod.d files, and the words in them, as kmod reads them.

A backslash before the line end joins two lines; before anything else it vanishes and the other character stays
(kmod: libkmod-util.c, ``freadline_wrapped``). Text after a NUL byte is lost, as in any C string. A carriage return
is a character like any other.

>>> list(logical_lines("a \\\n b\nc\\d"))
[Line(text='a  b', first=1, last=2), Line(text='cd', first=3, last=3)]
"""

from __future__ import annotations

from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

BLANKS = " \t"
#: What isspace(3) takes for space in the C locale.
SPACES = " \t\n\v\f\r"


class Line(Record):
    """A logical line without its end: ``first`` and ``last`` are the numbers of the file's lines it is made of."""

    text: str
    first: int
    last: int


def logical_lines(text: str) -> Iterator[Line]:
    """Yield the lines of a file. Empty ones are left out."""
    held: list[str] = []
    first = 1
    rows = text.split("\n")
    for number, row in enumerate(rows, 1):
        joins = False
        if "\\" in row:
            row, joins = _unescape(row)
        held.append(row)
        if joins and number < len(rows):
            continue
        whole = "".join(held) if len(held) > 1 else row
        if "\0" in whole:
            whole = whole[: whole.index("\0")]
        if whole:
            yield Line(whole, first, number)
        held.clear()
        first = number + 1


def _unescape(row: str) -> tuple[str, bool]:
    """Drop the backslashes that escape; tell whether the last one escaped the line's end."""
    out: list[str] = []
    parts = row.split("\\")
    out.append(parts[0])
    at = 1
    while at < len(parts):
        part = parts[at]
        if not part and at + 1 < len(parts):  # two backslashes: the second is plain text
            out.append("\\" + parts[at + 1])
            at += 2
            continue
        if not part:
            return "".join(out), True
        out.append(part)
        at += 1
    return "".join(out), False


def word_at(text: str, at: int) -> tuple[str, int]:
    """Return the next word between blanks at or after ``at``, and its place; "" and the text's end if there is none.

    >>> word_at("  ab  c", 0), word_at("  ab  c", 4), word_at("a ", 1)
    (('ab', 2), ('c', 6), ('', 2))
    """
    size = len(text)
    while at < size and text[at] in BLANKS:
        at += 1
    end = at
    while end < size and text[end] not in BLANKS:
        end += 1
    return text[at:end], at


def words(text: str, spaces: str = SPACES) -> list[str]:
    r"""Return the words between space of any kind (C's, not Unicode's), or between these characters.

    >>> words(" a\r\tb ")
    ['a', 'b']
    """
    for space in spaces[1:]:
        if space in text:
            text = text.replace(space, " ")
    return [word for word in text.split(" ") if word]
