"""A line of a file with a caret below the place that is meant."""

from __future__ import annotations

#: How much of a line is shown before the place, and after it.
_BEFORE = 60


def under(text: str, column: int, hint: str = "") -> tuple[str, str]:
    """Return the line, cut where it is long, and a second one with the caret below the 1-based column.

    >>> under("optoins e100 debug=1", 1, "did you mean 'options'?")
    ('optoins e100 debug=1', "^ did you mean 'options'?")
    """
    start = max(0, column - 1 - _BEFORE)
    shown = "".join([c if c.isprintable() else " " for c in text[start : start + 2 * _BEFORE]])
    return shown, f"{' ' * (column - 1 - start)}^ {hint}".rstrip()
